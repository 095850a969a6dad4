import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { after, before, test } from 'node:test';
import { Client } from 'pg';
import { fingerprintOf } from '../../lambdas/app/vend-credential.ts';
import { PostgresCredentialView } from '../../lambdas/http/credential-schemas.ts';
import { GrantView, PreviewView, TaskView } from '../../lambdas/http/schemas.ts';
import { ASKS, endTask, idOf, newTask, openTask, release, requestAccess, vend, waitToken } from './asks.ts';
import { type Canary, findCanaries } from './canaries.ts';
import { tokenMint } from './minted-tokens.ts';
import { missingFacts } from './missing-facts.ts';
import { placesKept, placesSeen } from './places.ts';
import { assertProblem } from './problems.ts';
import { type Caller, type RunningStack, runStack } from './running-stack.ts';

let running: RunningStack;
let crew: Caller;
let other: Caller;
let rogue: Caller;
/** The task of the story, and the two grants it holds: one is given back, one ends with the task. */
let task: string;
let first: string;
let second: string;
/** Left open on purpose: it must die with the first grant. */
let connection: Client;
/** Every credential that was vended, as its caller got it. */
const passwords: string[] = [];

before(async () => {
  running = await runStack();
  const names = ['sales-crew', 'other-crew', 'rogue-crew'] as const;
  const callers = await Promise.all(names.map((name) => running.caller(name)));
  [crew, other, rogue] = callers as [Caller, Caller, Caller];
});
after(async () => {
  for (const client of clients) await client.end();
  await running.remove();
});
const clients: Client[] = [];

type Login = ReturnType<typeof PostgresCredentialView.parse>['postgres'];

const connect = async ({ host, port, database, user, password, sslrootcert }: Login, change = {}) => {
  const client = new Client({ host, port, database, user, password, ssl: { ca: sslrootcert }, ...change });
  client.on('error', () => undefined);
  await client.connect();
  clients.push(client);
  return client;
};

const vended = async (grant: string) => {
  const answer = await crew.ask(vend(grant));
  assert.equal(answer.status, 201, answer.text);
  const credential = PostgresCredentialView.parse(answer.json);
  passwords.push(credential.postgres.password);
  return credential;
};

test('a crew opens a task, is given a database, and reads it over proven TLS', async () => {
  task = idOf(await crew.ask(openTask({ name: 'Weekly sales report' })));
  const asked = await crew.ask(requestAccess(task));
  const grant = GrantView.parse(asked.json);
  assert.deepEqual([asked.status, grant.state], [201, 'active']);
  first = grant.id;
  const { postgres, expiresAt } = await vended(first);
  assert.equal(expiresAt, grant.expiresAt, 'a credential is never said to outlive its grant');
  assert.equal(postgres.sslmode, 'verify-full');
  const client = await connect(postgres);
  const { rows } = await client.query('SELECT count(*)::int AS orders, current_user AS me FROM orders');
  assert.deepEqual(rows, [{ orders: 600, me: `lk_${first.slice(2)}` }]);
  connection = client;
});

test('the credential is good for its own database and user, and for a server that proves its name', async () => {
  const { postgres } = await vended(first);
  await assert.rejects(connect({ ...postgres, database: 'billing' }), /permission denied for database/);
  await assert.rejects(connect({ ...postgres, user: 'latchkey_admin' }), { code: '28000' });
  await assert.rejects(connect(postgres, { ssl: {} }), { code: 'DEPTH_ZERO_SELF_SIGNED_CERT' });
  await assert.rejects(connect(postgres, { ssl: false }), { code: '28000' });
});

/** What runs in the shell after the answer was evaluated. It prints what it read, and how the root certificate is kept. */
const NODE_CLIENT = `
  const { readFileSync, statSync } = require('node:fs');
  const { Client } = require('pg');
  const { PGSSLROOTCERT, PGSSLMODE } = process.env;
  const ca = readFileSync(PGSSLROOTCERT, 'utf8');
  const client = new Client({ ssl: { ca } });
  client.connect()
    .then(() => client.query('SELECT count(*)::int AS orders FROM orders'))
    .then(({ rows: [{ orders }] }) => {
      console.log(JSON.stringify({ orders, ca, mode: statSync(PGSSLROOTCERT).mode & 0o777, PGSSLMODE }));
      return client.end();
    });`;

const inShell = async (command: string, environment: Record<string, string> = {}) => {
  const answer = await crew.ask({ ...vend(first), headers: { accept: 'text/x-shellscript' } });
  assert.equal(answer.status, 201);
  assert.equal(answer.headers['content-type'], 'text/x-shellscript');
  assert.equal(answer.headers['cache-control'], 'no-store');
  passwords.push(/^export PGPASSWORD='([^']+)'$/m.exec(answer.text)?.[1] ?? '');
  const temporary = join(running.dataDir, 'temporary');
  mkdirSync(temporary, { recursive: true });
  return run(['-c', `eval "$(cat)" && ${command}`], answer.text, {
    PATH: process.env.PATH ?? '',
    TMPDIR: temporary,
    ...environment,
  });
};

/** Not the synchronous call, because the database it talks to lives in this process. */
const run = async (words: string[], input: string, env: Record<string, string>): Promise<string> => {
  const child = spawn('sh', words, { env, stdio: ['pipe', 'pipe', 'pipe'] });
  child.stdin.end(input);
  const ended = once(child, 'exit');
  const [said, complained] = await Promise.all([text(child.stdout), text(child.stderr)]);
  const [status] = await ended;
  assert.equal(status, 0, complained);
  return said.trim();
};

test('a shell that evaluates the answer has all that libpq asks for, and the root certificate to itself', async () => {
  const said = JSON.parse(
    await inShell('exec "$NODE" -e "$SCRIPT"', { NODE: process.execPath, SCRIPT: NODE_CLIENT }),
  );
  const { sslrootcert } = (await vended(first)).postgres;
  assert.deepEqual(said, { orders: 600, ca: sslrootcert, mode: 0o600, PGSSLMODE: 'verify-full' });
  // Where libpq itself is installed, it must agree; elsewhere the words it reads are all there is to check.
  const client = 'psql -At -c "SELECT count(*) FROM orders"';
  assert.equal(await inShell(`if command -v psql > /dev/null; then ${client}; else echo 600; fi`), '600');
});

test('a dry run says what would be decided, and makes nothing', async () => {
  const preview = async (caller: Caller, change: object) => {
    const ask = requestAccess(caller === crew ? task : await newTask(caller), change);
    const answer = await caller.ask({ ...ask, path: '/v1/grants?dryRun=true' });
    assert.equal(answer.status, 200, answer.text);
    const { effect, quorum } = PreviewView.parse(answer.json);
    return [effect, quorum];
  };
  assert.deepEqual(await preview(crew, {}), ['allow', 0]);
  assert.deepEqual(await preview(crew, { resource: 'billing-db' }), ['needs_approval', 1]);
  assert.deepEqual(await preview(crew, { durationSeconds: 14_401 }), ['deny', 0]);
  assert.deepEqual(await preview(other, {}), ['deny', 0]);
  const { grants } = TaskView.parse((await crew.ask(ASKS.readTask({ task, grant: '' }))).json);
  assert.deepEqual(
    grants?.map(({ id }) => id),
    [first],
  );
});

test('what needs people waits for them, and can be withdrawn', async () => {
  const asked = await crew.ask(requestAccess(task, { resource: 'billing-db' }, {}));
  assert.equal(asked.status, 202);
  const { id, state, approval } = GrantView.parse(asked.json);
  assert.deepEqual([state, approval?.quorum], ['pending_approval', 1]);
  assertProblem(await crew.ask(vend(id)), 409, 'grant_pending');
  const withdrawn = await crew.ask(release(id));
  assert.equal(withdrawn.status, 200);
  const grant = GrantView.parse(withdrawn.json);
  assert.deepEqual([grant.state, grant.ending?.status], ['cancelled', 'none']);
  assertProblem(await crew.ask(vend(id)), 410, 'grant_over');
});

test('a grant that is given back is proved dead, with the connection it had open', async () => {
  await waitToken(running, first);
  const answer = await crew.ask(release(first));
  assert.equal(answer.status, 200, answer.text);
  const { state, cause, ending } = GrantView.parse(answer.json);
  assert.deepEqual([state, cause, ending?.status], ['released', 'released_by_principal', 'dead']);
  assert.ok((ending?.deadAfterMs ?? Number.POSITIVE_INFINITY) < 10_000);
  assert.deepEqual(
    ending?.steps?.map(({ name }) => name),
    ['nologin', 'terminate', 'probe', 'reassign', 'drop_owned', 'drop_role', 'backends'],
  );
  assert.equal(ending?.steps?.find(({ name }) => name === 'probe')?.outcome, 'refused');
  await assert.rejects(connection.query('SELECT 1'));
  assertProblem(await crew.ask(vend(first)), 410, 'grant_over');
  assert.deepEqual((await crew.ask(release(first))).json, answer.json, 'asked again: the same report');
});

test('every credential of a dead grant is worthless', async () => {
  const { postgres } = PostgresCredentialView.parse(
    running.answers.find(({ ask }) => ask.path === vend(first).path)?.answer.json,
  );
  for (const password of passwords)
    await assert.rejects(connect({ ...postgres, password }), { code: '28000' });
});

test('a task under a lease lives as long as it is heard of', async () => {
  const leased = idOf(await crew.ask(openTask({ name: 'Leased', leaseSeconds: 60 })));
  const grant = idOf(await crew.ask(requestAccess(leased)));
  await waitToken(running, grant);
  const before = running.awsCalls.length;
  const renewed = await crew.ask(ASKS.renewTask({ task: leased, grant }));
  assert.equal(renewed.status, 200);
  assert.ok(running.awsCalls.slice(before).some(({ action }) => action === 'states:SendTaskHeartbeat'));
  const ended = TaskView.parse((await crew.ask(endTask(leased))).json);
  assert.equal(ended.grants?.[0]?.ending?.status, 'dead');
});

test('the end of a task ends what it holds, with its open connection, and nothing can join it', async () => {
  second = idOf(await crew.ask(requestAccess(task)));
  await waitToken(running, second);
  const client = await connect((await vended(second)).postgres);
  await client.query('BEGIN');
  await client.query('SELECT * FROM orders FOR UPDATE');
  const ended = await crew.ask(endTask(task));
  assert.equal(ended.status, 200, ended.text);
  const { grants } = TaskView.parse(ended.json);
  assert.deepEqual(
    Object.fromEntries((grants ?? []).map(({ id, state, ending }) => [id, `${state} ${ending?.status}`])),
    Object.fromEntries(
      (grants ?? []).map(({ id, resource }) => [
        id,
        resource === 'billing-db' ? 'cancelled none' : 'released dead',
      ]),
    ),
  );
  assert.equal(grants?.length, 3);
  await assert.rejects(client.query('SELECT 1'));
  assertProblem(await crew.ask(vend(second)), 410, 'grant_over');
  assertProblem(await crew.ask(requestAccess(task)), 410, 'task_over');
});

test('attempts that are refused leave their words in the trail and nothing else', async () => {
  assertProblem(await other.ask(requestAccess(await newTask(other))), 403, 'policy_denied');
  assertProblem(await other.ask(vend(second)), 404, 'not_found');
  assertProblem(await rogue.ask(openTask()), 403, 'principal_unknown');
  const forged = tokenMint(running)({ signature: 'of_another_key' });
  assertProblem(await running.callerWith(forged).ask(openTask()), 401, 'token_refused');
  forgeries.push(forged);
});

const forgeries: string[] = [];

test('a role that no grant stands for is found, ended and told of', async () => {
  const superuser = await running.stack().postgres.asSuperuser('postgres');
  const name = `lk_${'0'.repeat(20)}_${'0'.repeat(12)}`;
  await superuser.query(`SET ROLE latchkey_admin`);
  await superuser.query(`CREATE ROLE ${name} LOGIN`);
  await superuser.query(`GRANT rds_iam, orders_app TO ${name}`);
  await running.stack().sweep();
  const { rowCount } = await superuser.query('SELECT FROM pg_roles WHERE rolname = $1', [name]);
  await superuser.end();
  assert.equal(rowCount, 0);
});

test('the trail is whole, and holds every entry that any caller was given a receipt of', async () => {
  const { flaws, receipts, entries } = await running.verifyTrail();
  assert.deepEqual(flaws, []);
  assert.ok(receipts >= 30 && entries >= 25);
});

test('every entry carries what an auditor needs', async () => {
  const trail = await running.trail();
  assert.deepEqual(missingFacts(trail, running.stack().issuer.issuer), []);
});

test('whoever is handed a credential can find the entry of its issue', async () => {
  const issued = (await running.trail()).flatMap(({ event }) =>
    event.type === 'credential.issued' ? [event.fingerprint] : [],
  );
  assert.deepEqual(issued.toSorted(), passwords.map(fingerprintOf).toSorted());
});

test('no secret of the story is anywhere it does not belong', async () => {
  const kept = (name: string) => JSON.parse(readFileSync(join(running.dataDir, name), 'utf8'));
  const { key } = kept('issuer.json');
  const inUrl = (token: string, name: string) => new URL(`postgres://${token}`).searchParams.get(name) ?? '';
  const canaries: Canary[] = [
    ...passwords.flatMap((password) => [
      { of: 'a vended password', secret: password },
      { of: 'the signature of a vended password', secret: inUrl(password, 'X-Amz-Signature') },
      { of: 'the session of a vended password', secret: inUrl(password, 'X-Amz-Security-Token') },
    ]),
    ...[crew, other, rogue].flatMap(({ token }) => [
      { of: 'a bearer token', secret: token },
      { of: 'the signature of a bearer token', secret: token.split('.')[2] ?? '' },
      { of: 'the claims of a bearer token', secret: token.split('.')[1] ?? '' },
    ]),
    ...forgeries.map((token) => ({ of: 'a forged token', secret: token.split('.')[2] ?? '' })),
    ...Object.entries(kept('secrets.json')).map(([name, secret]) => ({
      of: `the secret ${name}`,
      secret: String(secret),
    })),
    { of: 'the key of the issuer', secret: key.d },
    ...running.sessions().flatMap(({ secretAccessKey, sessionToken }) => [
      { of: 'the key of a session', secret: secretAccessKey },
      { of: 'the token of a session', secret: sessionToken },
    ]),
  ];
  assert.ok(canaries.length >= 50 && canaries.every(({ secret }) => secret.length >= 20));
  assert.deepEqual(
    findCanaries([...(await placesSeen(running, first)), ...(await placesKept(running, first))], canaries),
    [],
  );
});

test('the token of a waiting workflow is in its table and nowhere a caller could see it', async () => {
  const tokens = (await running.items('grants')).flatMap(({ token }) => token?.S ?? []);
  assert.ok(tokens.length >= 3);
  const canaries = tokens.map((secret) => ({ of: 'a workflow', secret }));
  assert.deepEqual(findCanaries(await placesSeen(running, first), canaries), []);
});

test('no function asked AWS for anything that its role does not give', async () => {
  await running.stack().sweep();
  assert.deepEqual(running.refusals(), []);
  const roles = new Set(running.awsCalls.map(({ role }) => role));
  for (const role of ['api', 'reader', 'vend', 'runner', 'waiter', 'sweeper'])
    assert.ok(roles.has(role), role);
  assert.ok(!roles.has('authorizer'), 'the one that takes unauthenticated bytes calls nothing');
});
