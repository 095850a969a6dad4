import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import * as z from 'zod';
import { ExamplesFile } from '../lambdas/core/config/examples-file.ts';
import { IssuersFile } from '../lambdas/core/config/issuers-file.ts';
import { PrincipalsFile } from '../lambdas/core/config/principals-file.ts';
import { ResourcesFile } from '../lambdas/core/config/resources-file.ts';
import { readArguments, UsageError } from './command-line.ts';

const SHAPES: Readonly<Record<string, z.ZodType>> = {
  issuers: IssuersFile,
  principals: PrincipalsFile,
  resources: ResourcesFile,
  examples: ExamplesFile,
};

/** A JSON Schema beside each file, for editors: what they complete and underline is what a deployment accepts. */
export const configSchemas = (): readonly { readonly file: string; readonly text: string }[] =>
  Object.entries(SHAPES).map(([name, shape]) => ({
    file: `${name}.schema.json`,
    text: `${JSON.stringify(z.toJSONSchema(shape, { io: 'input' }))}\n`,
  }));

/** `config schemas`: writes them; a test fails while they are not those of the code. */
export const writeConfigSchemas = async (args: readonly string[]): Promise<void> => {
  const given = readArguments(args, { values: ['config'], switches: [] });
  if (given.words.length > 0) throw new UsageError(`"${given.words[0]}" is too much.`);
  const directory = given.values.get('config') ?? 'config';
  for (const { file, text } of configSchemas()) writeFileSync(join(directory, file), text);
};
