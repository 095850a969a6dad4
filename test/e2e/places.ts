import { globSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { Place } from './canaries.ts';
import type { RunningStack } from './running-stack.ts';

/** What people and programs get to see, each with something that must be found in it. `grant` is one of the story. */
export const placesSeen = async (running: RunningStack, grant: string): Promise<Place[]> => {
  // Of the answers that bring a credential, only the body may.
  const answers = running.answers.map(({ ask, answer }) =>
    ask.path.endsWith('/credentials') && answer.status === 201 ? answer.headers : answer,
  );
  return [
    { name: 'the table of the trail', text: JSON.stringify(await running.items('audit')), holds: grant },
    { name: 'the logs', text: JSON.stringify(running.logs), holds: 'POST /v1/grants' },
    { name: 'the answers', text: JSON.stringify(answers), holds: 'urn:uuid:' },
  ];
};

export const FILES_OF_POSTGRES = 'the files of PostgreSQL';
export const DEPLOYED = 'what was deployed';

/** What is kept, in memory and in files. */
export const placesKept = async (running: RunningStack, grant: string): Promise<Place[]> => {
  const executions = JSON.stringify(running.stack().aws.stepFunctions.executions());
  const files = globSync('**/*', { cwd: running.dataDir })
    // Where the provider and Secrets Manager keep theirs.
    .filter((file) => !['issuer.json', 'secrets.json', 'secret-versions.json', 'ca.key'].includes(file))
    .filter((file) => statSync(join(running.dataDir, file), { throwIfNoEntry: false })?.isFile());
  const folders = ['dynamodb', 'executions', 'postgres', 'cdk.out'];
  const bytesIn = (folder: string) =>
    Buffer.concat(
      files
        .filter((file) => (folders.find((one) => file.startsWith(`${one}/`)) ?? '') === folder)
        .map((file) => bytesOf(join(running.dataDir, file))),
    );
  return [
    { name: 'the table of states', text: JSON.stringify(await running.items('grants')), holds: grant },
    { name: 'the histories of workflows', text: executions, holds: grant },
    { name: 'the files of the tables', text: bytesIn('dynamodb'), holds: grant },
    { name: 'the files of workflows', text: bytesIn('executions'), holds: grant },
    { name: FILES_OF_POSTGRES, text: bytesIn('postgres'), holds: `lk_${grant.slice(2)}` },
    { name: DEPLOYED, text: bytesIn('cdk.out'), holds: 'lk_' },
    { name: 'every other file, sealed objects too', text: bytesIn(''), holds: 'BEGIN CERTIFICATE' },
  ];
};

/** Servers take files of theirs away while others are read. */
const bytesOf = (path: string): Buffer => {
  try {
    return readFileSync(path);
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return Buffer.alloc(0);
    throw error;
  }
};
