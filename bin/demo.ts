import { rmSync } from 'node:fs';
import { Client } from 'pg';
import { findMariadb } from '../examples/targets/mysql/find-mariadb.ts';
import { verifyExport } from '../lambdas/core/audit/audit-export.ts';
import { parseReceipt } from '../lambdas/core/audit/chain.ts';
import { startStack } from '../local/stack.ts';
import { type ApiClient, createApiClient, type Wire } from './api-client.ts';
import { tellApprovals } from './demo-approvals.ts';
import { tellKinds } from './demo-kinds.ts';
import { tellRuns } from './demo-runs.ts';
import { expect } from './expect-status.ts';
import { localExport } from './local-export.ts';
import { localScenes } from './local-scenes.ts';
import { createNarrator, type Narrator } from './narrator.ts';
import { sceneLines } from './scene-lines.ts';

const DATA_DIR = '.latchkey/demo';

type Stack = Awaited<ReturnType<typeof startStack>>;

const REQUEST = { action: 'postgres:connect', durationSeconds: 600, reason: 'Weekly sales report' };

const main = async (): Promise<void> => {
  const narrator = createNarrator(process.stdout);
  rmSync(DATA_DIR, { recursive: true, force: true });
  narrator.title('Latchkey: a crew gets access for one task, and loses it with the task');
  const stack = await startStack({
    dataDir: DATA_DIR,
    mariadb: findMariadb(),
    onProgress: narrator.progress,
  });
  narrator.note(`The stack that \`cdk deploy\` would deploy answers at ${stack.baseUrl}.`);
  try {
    await tellStory(stack, narrator);
  } finally {
    await stack.stop();
    const files = [...stack.servers.values()].map(({ directory }) => directory);
    for (const left of [DATA_DIR, ...files]) rmSync(left, { recursive: true, force: true });
  }
  narrator.note('Everything above ran on this machine; nothing is left behind.');
};

const tellStory = async (stack: Stack, narrator: Narrator): Promise<void> => {
  const crew = createApiClient(stack.baseUrl, await stack.getToken('sales-crew'));
  const task = await openTask(crew, narrator);
  const grant = await askForOrders(crew, task, narrator);
  const connection = await useCredential(crew, { grant, narrator });
  await tellRuns({ crew, task, narrator });
  await tellKinds({ stack, crew, task, narrator });
  await tellApprovals({ stack, crew, task, narrator });
  await askForTooMuch(stack, narrator);
  await endTask(crew, { task, grant, connection, narrator });
  await replay(stack, task, narrator);
  await checkTrail(stack, crew.receipts, narrator);
};

const openTask = async (crew: ApiClient, narrator: Narrator): Promise<string> => {
  const me = expect(await crew.get<Wire['MeView']>('/v1/me'), 200);
  narrator.step('The crew shows its OIDC token', [
    `Known as ${me.body.principal.name}, for which ${me.body.owners[0]?.name} answers.`,
  ]);
  const task = expect(await crew.post<Wire['TaskView']>('/v1/tasks', { name: 'Weekly sales report' }), 201);
  narrator.step('It opens a task', [`Task ${task.body.id}: access will be tied to it.`], task);
  return task.body.id;
};

const askForOrders = async (crew: ApiClient, task: string, narrator: Narrator): Promise<string> => {
  const asked = { ...REQUEST, task, resource: 'orders-db' };
  const grant = expect(await crew.post<Wire['GrantView']>('/v1/grants', asked, { prefer: 'wait=20' }), 201);
  const policy = grant.body.determinedBy[0];
  narrator.step(
    'It asks for orders-db for ten minutes',
    [
      `Allowed by policy ${policy?.id}: ${policy?.reason}`,
      `A database role was made for this grant alone; the window ends at ${clockOf(grant.body.expiresAt)}.`,
    ],
    grant,
  );
  return grant.body.id;
};

interface Scene {
  readonly narrator: Narrator;
  readonly task: string;
  readonly grant: string;
}

const useCredential = async (crew: ApiClient, { grant, narrator }: Omit<Scene, 'task'>): Promise<Client> => {
  const vended = expect(
    await crew.post<Wire['PostgresCredentialView']>(`/v1/grants/${grant}/credentials`),
    201,
  );
  const { postgres } = vended.body;
  narrator.step(
    'It gets a credential',
    [
      `User ${postgres.user}, good until ${clockOf(vended.body.expiresAt)}. The password is a signed token: shown to nobody here, stored nowhere.`,
    ],
    vended,
  );
  const { host, port, user, password, database } = postgres;
  const login = { host, port, user, password, database, ssl: { ca: postgres.sslrootcert } };
  const client = new Client(login);
  client.on('error', () => undefined);
  await client.connect();
  const { rows } = await client.query(
    'SELECT country, count(*) AS orders FROM orders JOIN customers ON customers.id = customer_id GROUP BY country ORDER BY country',
  );
  narrator.step('It connects to a real PostgreSQL over verified TLS and reads', [
    rows.map(({ country, orders }) => `${country} ${orders}`).join(', '),
  ]);
  const hidden = await client.query('SELECT card FROM customers').then(
    () => 'it read them',
    (error: Error) => error.message,
  );
  narrator.step('The same connection asks for card numbers, which policy keeps from it', [
    `PostgreSQL: ${hidden}. The login has no right to that column.`,
  ]);
  if (hidden === 'it read them') throw new Error('a login could read what is masked');
  const elsewhere = new Client({ ...login, database: 'billing' });
  const refusal = await elsewhere.connect().then(
    () => 'it got in',
    (error: Error) => error.message,
  );
  narrator.step('The same credential is tried on another database', [`PostgreSQL: ${refusal}.`]);
  if (refusal === 'it got in') throw new Error('a credential worked on another database');
  return client;
};

const askForTooMuch = async (stack: Stack, narrator: Narrator): Promise<void> => {
  const other = createApiClient(stack.baseUrl, await stack.getToken('other-crew'));
  const otherTask = expect(await other.post<Wire['TaskView']>('/v1/tasks', { name: 'Curious' }), 201);
  const denied = await other.post<Wire['ProblemView']>('/v1/grants', {
    ...REQUEST,
    task: otherTask.body.id,
    resource: 'orders-db',
  });
  narrator.step(
    'Another crew asks for orders-db',
    [`Denied (${denied.body.code}): ${denied.body.detail}`],
    expect(denied, 403),
  );
};

const endTask = async (
  crew: ApiClient,
  { task, grant, connection, narrator }: Scene & { readonly connection: Client },
): Promise<void> => {
  const ended = expect(await crew.end<Wire['TaskView']>(`/v1/tasks/${task}`), 200);
  const ending = ended.body.grants?.find(({ id }) => id === grant)?.ending;
  narrator.step(
    'The task ends, and with it everything it held',
    [
      ...(ending?.steps ?? []).map((step) => `${step.name}: ${step.outcome} (after ${step.atMs} ms)`),
      `Proved dead ${ending?.deadAfterMs} ms after the end.`,
    ],
    ended,
  );
  const dead = await connection.query('SELECT 1').then(
    () => 'still open',
    () => 'closed by the server',
  );
  if (dead === 'still open') throw new Error('the connection outlived its grant');
  narrator.step('The connection that was open', [dead]);
  const refused = expect(await crew.post<Wire['ProblemView']>(`/v1/grants/${grant}/credentials`), 410);
  narrator.step(
    'It asks for another credential',
    [`Refused (${refused.body.code}): ${refused.body.detail}`],
    refused,
  );
};

/** What an auditor sees, without the pauses. */
const replay = async (stack: Stack, task: string, narrator: Narrator): Promise<void> => {
  const scenes = await localScenes(stack, task);
  const lines = scenes.flatMap((scene) => sceneLines(process.stdout, scene));
  narrator.step(`The auditor replays the task: npm run audit -- replay ${task}`, lines);
};

const checkTrail = async (stack: Stack, receipts: readonly string[], narrator: Narrator): Promise<void> => {
  const lines = await localExport(stack);
  const held = receipts.map(parseReceipt).filter((receipt) => receipt !== undefined);
  const report = verifyExport(lines, held);
  if (report.flaws.length > 0) throw new Error(`the trail is not intact: ${JSON.stringify(report.flaws)}`);
  narrator.step('The trail is exported and verified without access to anything else', [
    `Intact: ${report.entries} entries in ${report.chains} chains, held against ${report.receipts} receipts.`,
  ]);
  const changed = lines.map((line) => line.replace('"credential.issued"', '"credential.denied"'));
  const { flaws } = verifyExport(changed, held);
  narrator.step('One word of the export is changed', [`Found at once: ${flaws.length} flaws.`]);
  if (flaws.length === 0) throw new Error('a changed trail was taken for intact');
};

const clockOf = (iso: string | undefined): string => String(iso).slice(11, 19);

await main().catch((error: unknown) => {
  console.error(`The story did not go as told: ${error instanceof Error ? error.message : error}`);
  process.exitCode = 1;
});
