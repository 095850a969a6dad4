import { readFileSync } from 'node:fs';
import { readSettings, type Settings } from '../lib/settings.ts';
import { Mistakes } from './mistakes.ts';

/** Settings as found in a file of CDK's form, which is named in what is said of their mistakes. Throws `Mistakes`. */
export const settingsOf = (raw: unknown, file = 'cdk.json'): Settings => {
  const settings = readSettings(raw);
  if (settings.ok) return settings.value;
  throw new Mistakes(
    settings.errors.map(({ path, message }) => ({
      file,
      path: ['context.latchkey', path].filter(Boolean).join('.'),
      message,
    })),
  );
};

/** Those of `cdk.json`, as a deployment without further flags would have them. */
export const settingsOfFile = (file = 'cdk.json'): Settings => settingsOf(latchkeyIn(file), file);

const latchkeyIn = (file: string): unknown => {
  try {
    return JSON.parse(readFileSync(file, 'utf8')).context?.latchkey;
  } catch {
    throw new Mistakes([{ file, path: '', message: 'cannot be read as JSON: name a file like cdk.json.' }]);
  }
};
