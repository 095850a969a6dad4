import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { Client } from 'pg';
import { consoleVisitor, wordsOf } from '../../bin/console-visitor.ts';
import type { PersonName } from '../../examples/people/people.ts';
import { CONTAINMENT_CHAIN } from '../../lambdas/core/audit/system-chain.ts';
import { principalKey } from '../../lambdas/core/identity/principal.ts';
import { ContainmentListView, ContainmentView } from '../../lambdas/http/containment-schemas.ts';
import { PostgresCredentialView } from '../../lambdas/http/credential-schemas.ts';
import { GrantView, TaskView } from '../../lambdas/http/schemas.ts';
import {
  contain,
  idOf,
  lift,
  newActive,
  newTask,
  openTask,
  readGrant,
  requestAccess,
  runSql,
  until,
  vend,
  waitToken,
} from '../e2e/asks.ts';
import { assertProblem } from '../e2e/problems.ts';
import { type Caller, type RunningStack, runStack } from '../e2e/running-stack.ts';
import { type CommandRun, runCommand } from '../support/run-command.ts';

let running: RunningStack;
let crew: Caller;
/** Answers for the crew's agent; no policy names her. */
let dana: Caller;
/** Database administrators: policy lets them stop and lift. */
let ana: Caller;
let jonas: Caller;
const clients: Client[] = [];

before(async () => {
  running = await runStack();
  crew = await running.caller('sales-crew');
  const people = ['dana.reyes', 'ana.silva', 'jonas.weber'] as const;
  [dana, ana, jonas] = (await Promise.all(people.map((name) => running.person(name)))) as [
    Caller,
    Caller,
    Caller,
  ];
});
after(async () => {
  for (const client of clients) await client.end().catch(() => undefined);
  await running.remove();
});

/** A session that stays open until something ends it; when it was ended is what comes back. */
const openSession = async (grant: string) => {
  const answer = await crew.ask(vend(grant));
  assert.equal(answer.status, 201, answer.text);
  const { host, port, database, user, password, sslrootcert } = PostgresCredentialView.parse(
    answer.json,
  ).postgres;
  const login = { host, port, database, user, password, ssl: { ca: sslrootcert } };
  const client = new Client(login);
  const cut = new Promise<number>((resolve) => client.once('error', () => resolve(Date.now())));
  client.on('error', () => undefined);
  await client.connect();
  clients.push(client);
  assert.ok((await client.query('SELECT count(*) FROM orders')).rows[0]);
  return { cut, login };
};

const placed = async (who: Caller, scope: object) => {
  const answer = await who.ask(contain(scope, 'it misbehaves'));
  assert.equal(answer.status, 201, answer.text);
  return ContainmentView.parse(answer.json);
};
const read = async (id: string, who = ana) => {
  const answer = await who.ask({ method: 'GET', path: `/v1/containments/${id}` });
  assert.equal(answer.status, 200, answer.text);
  return ContainmentView.parse(answer.json);
};
const grantOf = async (id: string) => GrantView.parse((await crew.ask(readGrant(id))).json);

const command = (who: Caller, ...args: string[]): Promise<CommandRun> =>
  runCommand(['bin/contain.ts', ...args], environmentOf(who));
const environmentOf = ({ token }: Caller) => ({
  LATCHKEY_URL: running.stack().baseUrl,
  LATCHKEY_TOKEN: token,
});

/** Begun at first, because it takes as long as the shortest lease. */
let leased: { task: string; grant: string; cut: Promise<number>; openedAt: number };
const LEASE_SECONDS = 15;

test('a task under a lease works, and is heard of once', async () => {
  const task = idOf(await crew.ask(openTask({ name: 'leased', leaseSeconds: LEASE_SECONDS })));
  const grant = idOf(await crew.ask(requestAccess(task)));
  await waitToken(running, grant);
  const { cut } = await openSession(grant);
  const beat = await crew.ask({ method: 'POST', path: `/v1/tasks/${task}/heartbeat` });
  assert.equal(beat.status, 200);
  leased = { task, grant, cut, openedAt: Date.now() };
});

test('whoever answers for an agent stops one of its tasks: refused at once, cut at once, and others go on', async () => {
  const { task, grant } = await newActive(running, crew);
  const other = await newActive(running, crew);
  const waiting = idOf(await crew.ask(requestAccess(task, { resource: 'billing-db' }, {})));
  const { cut, login } = await openSession(grant);
  const stop = await placed(dana, { scope: 'task', key: task });
  const placedAt = Date.now();
  assert.deepEqual(
    [stop.state, stop.names, stop.placed.by.subject],
    ['holding', ['sales-analyst'], 'dana.reyes'],
  );
  assertProblem(await crew.ask(vend(grant)), 403, 'contained');
  // Nobody waits for the schedule: the first pass is made at once.
  assert.ok((await cut) - placedAt < 10_000);
  await assert.rejects(new Client(login).connect());
  const dead = await until(async () => {
    const seen = await grantOf(grant);
    return seen.ending?.status === 'dead' ? seen : undefined;
  });
  assert.deepEqual([dead.state, dead.cause], ['revoked', 'contained']);
  const asked = await grantOf(waiting);
  assert.deepEqual([asked.state, asked.cause, asked.approval?.state], ['revoked', 'contained', 'cancelled']);
  const ended = TaskView.parse((await crew.ask({ method: 'GET', path: `/v1/tasks/${task}` })).json);
  assert.deepEqual([ended.state, ended.cause], ['ended', 'contained']);
  const seen = await until(async () => {
    const one = await read(stop.id, dana);
    return one.passes > 0 ? one : undefined;
  });
  assert.deepEqual(seen.lastPass?.ended, { grants: 2, runs: 0, approvals: 0, tasks: 1 });
  assert.equal(seen.stillEnding?.count, 0);
  assert.equal((await crew.ask(vend(other.grant))).status, 201);
  assertProblem(await crew.ask(requestAccess(task)), 410, 'task_over');
});

test('nobody stops more than a policy or their own agents let them, and the answer says so', async () => {
  for (const scope of [
    { scope: 'everything' },
    { scope: 'resource', key: 'orders-db' },
    { scope: 'principal', key: 'support-triage' },
  ]) {
    const refused = assertProblem(await dana.ask(contain(scope)), 403, 'not_allowed');
    assert.ok(!refused.retryable);
    assertProblem(await crew.ask(contain(scope)), 403, 'not_a_person');
  }
  const mallory = await running.person('mallory');
  assertProblem(await mallory.ask(contain({ scope: 'everything' })), 403, 'not_a_person');
  assertProblem(await ana.ask(contain({ scope: 'resource', key: 'order-db' })), 422, 'scope_unknown');
  const { errors } = assertProblem(await ana.ask(contain({ scope: 'resource' })), 400, 'invalid_request');
  assert.deepEqual(
    errors?.map(({ pointer }) => pointer),
    ['/key'],
  );
  assertProblem(await ana.ask(contain({ scope: 'everything', key: 'x' })), 400, 'invalid_request');
});

test('without a heartbeat the session is cut by the workflow, and the task holds nothing any more', async () => {
  const { task, grant, cut, openedAt } = leased;
  const livedMs = (await cut) - openedAt;
  assert.ok(livedMs >= LEASE_SECONDS * 1_000 - 1_000, `cut after ${livedMs} ms`);
  assert.ok(livedMs < LEASE_SECONDS * 1_000 + 10_000, `cut after ${livedMs} ms`);
  assertProblem(await crew.ask(vend(grant)), 410, 'grant_over');
  assertProblem(await crew.ask({ method: 'POST', path: `/v1/tasks/${task}/heartbeat` }), 410, 'task_over');
  const dead = await until(async () => {
    const seen = await grantOf(grant);
    return seen.ending?.status === 'dead' ? seen : undefined;
  });
  assert.deepEqual([dead.state, dead.cause], ['revoked', 'lease_lost']);
  await running.stack().sweep();
  const ended = TaskView.parse((await crew.ask({ method: 'GET', path: `/v1/tasks/${task}` })).json);
  assert.deepEqual([ended.state, ended.cause], ['ended', 'lease_lost']);
});

test('a second person lifts it: not whoever placed it, nor who answers for what it is of; what was ended stays ended', async () => {
  const { task, grant } = await newActive(running, crew);
  const { id } = await placed(ana, { scope: 'principal', key: 'sales-analyst' });
  assert.ok([403, 410].includes((await crew.ask(requestAccess(task))).status));
  assertProblem(await ana.ask(lift(id)), 403, 'own_containment');
  // Another token of the same person is the same person.
  assertProblem(await (await running.person('ana.silva')).ask(lift(id)), 403, 'own_containment');
  assertProblem(await dana.ask(lift(id)), 403, 'own_containment');
  const lifted = ContainmentView.parse((await jonas.ask(lift(id, 'it was a false alarm'))).json);
  assert.deepEqual(
    [lifted.state, lifted.lifted?.by.subject, lifted.lifted?.why],
    ['lifted', 'jonas.weber', 'it was a false alarm'],
  );
  assertProblem(await jonas.ask(lift(id)), 409, 'containment_over');
  await until(async () => ((await grantOf(grant)).ending?.status === 'dead' ? true : undefined));
  assertProblem(await crew.ask(vend(grant)), 410, 'grant_over');
  assert.equal(
    (await crew.ask(requestAccess(await newTask(crew)))).status,
    201,
    'what is asked anew is given',
  );
});

test('the command stops everything, says what is still being ended, and lifts for a second person', async () => {
  const task = await newTask(crew);
  const [login, runs] = await Promise.all([
    newActive(running, crew),
    newActive(running, crew, { action: 'postgres:read' }),
  ]);
  const { cut } = await openSession(login.grant);
  const stopped = await command(ana, 'everything', '--why', 'a leak', '--no-wait');
  assert.equal(stopped.code, 0, stopped.err);
  const [, id = ''] = /^(s_\w+): everything is stopped\./.exec(stopped.out) ?? [];
  assert.ok(id, stopped.out);
  assertProblem(await crew.ask(vend(login.grant)), 403, 'contained');
  assertProblem(await crew.ask(runSql(runs.grant, 'SELECT 1')), 403, 'contained');
  // The task may have come to its end already.
  assert.ok([403, 410].includes((await crew.ask(requestAccess(task))).status));
  await cut;
  await until(async () => ((await read(id)).stillEnding?.count === 0 ? true : undefined));

  const shown = await command(jonas, 'show', id, '--no-wait');
  assert.match(
    shown.out,
    /holding: pass \d ended \d+ grants, 0 runs, 0 plans and \d+ tasks; 0 still being ended/,
  );
  const listed = await command(jonas, 'list');
  const rows = listed.out
    .trim()
    .split('\n')
    .map((line) => line.split('\t'));
  assert.deepEqual(rows[0]?.slice(0, 3), [id, 'holding', 'everything']);
  assert.deepEqual(rows[0]?.slice(4), ['ana.silva', 'a leak']);
  const json = JSON.parse((await command(jonas, 'list', '--json')).out);
  assert.equal(ContainmentListView.parse({ containments: json }).containments[0]?.id, id);

  const own = await command(ana, 'lift', id, '--why', 'over');
  assert.deepEqual([own.code, own.out], [1, '']);
  assert.match(own.err, /own_containment/);
  const lifted = await command(jonas, 'lift', id, '--why', 'rotated');
  assert.deepEqual(
    [lifted.code, lifted.out],
    [0, `${id}: everything is lifted. What was ended stays ended.\n`],
  );
  assert.equal((await crew.ask(requestAccess(await newTask(crew)))).status, 201);
});

test('the command says what is wrong with a call before anything is stopped', async () => {
  const wrong: [readonly string[], RegExp, number][] = [
    [['resource', '--why', 'x'], /Name the resource/, 2],
    [['resource', 'orders-db'], /--why is missing/, 2],
    [['everything', 'now', '--why', 'x'], /"now" is too much/, 2],
    [['principal', 'a', '--issuer', 'b', '--why', 'x'], /stand in place of the name/, 2],
    [['principal', '--issuer', 'b', '--why', 'x'], /--subject is missing/, 2],
    [['lift', '--why', 'x'], /Name the stop/, 2],
    [['resorce', 'orders-db'], /Did you mean resource/, 2],
    [['resource', 'order-db', '--why', 'x', '--no-wait'], /scope_unknown/, 1],
    [['show', 's_1'], /invalid_request/, 1],
  ];
  for (const [args, words, code] of wrong) {
    const run = await command(ana, ...args);
    assert.deepEqual([run.code, run.out], [code, ''], args.join(' '));
    assert.match(run.err, words);
  }
  const unset = await runCommand(['bin/contain.ts', 'list']);
  assert.match(unset.err, /LATCHKEY_URL: set it[\s\S]*LATCHKEY_TOKEN: set it/);
  const away = { LATCHKEY_URL: 'http://127.0.0.1:1', LATCHKEY_TOKEN: 'x' };
  assert.match((await runCommand(['bin/contain.ts', 'list'], away)).err, /did not answer/);
  const stale = await runCommand(['bin/contain.ts', 'list'], {
    ...environmentOf(ana),
    LATCHKEY_TOKEN: 'a.b.c',
  });
  assert.match(stale.err, /LATCHKEY_TOKEN: was not accepted/);
  const help = await runCommand(['bin/contain.ts', '--help']);
  assert.ok(help.code === 0 && help.out.includes('npm run contain -- lift ID'));
});

test('a principal is stopped by issuer and subject, as the trail has them', async () => {
  const { issuer } = running.stack().issuer;
  const args = [
    'principal',
    '--issuer',
    issuer,
    '--subject',
    'somebody-else',
    '--why',
    'stolen',
    '--no-wait',
  ];
  const stopped = await command(ana, ...args);
  assert.equal(stopped.code, 0, stopped.err);
  assert.match(stopped.err, /Nobody of this key has been here/);
  const [id = ''] = stopped.out.split(':');
  const seen = await read(id);
  assert.equal(seen.key, principalKey({ issuer, subject: 'somebody-else' }));
});

test('people do the same on the console’s page', async () => {
  const { issuer, certPem, consoleUrl } = running.stack();
  const visitor = (login: PersonName) =>
    consoleVisitor({ login, password: issuer.passwordOf(login), ca: certPem });
  const { task, grant } = await newActive(running, crew);
  const [bob, carol] = [visitor('ana.silva'), visitor('jonas.weber')];
  const page = await bob.open(`${consoleUrl}/console/containments`);
  const stopped = await bob.submit(page, 'contain', { scope: 'task', key: task, note: 'it misbehaves' });
  assert.match(wordsOf(stopped.body), /Every use within is refused from now on/);
  assertProblem(await crew.ask(vend(grant)), 403, 'contained');
  const [, id = ''] = /containments\/(s_\w+)/.exec(stopped.body) ?? [];
  await until(async () => ((await read(id)).stillEnding?.count === 0 ? true : undefined));
  const shown = await carol.open(`${consoleUrl}/console/containments/${id}`);
  assert.match(wordsOf(shown.body), /by ana\.silva[\s\S]*it misbehaves[\s\S]*Nothing goes on now/);
  const lifted = await carol.submit(shown, 'lift', { note: 'mended' });
  assert.match(wordsOf(lifted.body), /What was ended stays ended/);
  assert.equal((await read(id)).lifted?.by.subject, 'jonas.weber');
});

test('all of it is in the trail, nobody did what their role does not allow, and nothing was unexpected', async () => {
  assert.deepEqual((await running.verifyTrail()).flaws, []);
  const story = (await running.trail()).filter(({ chain }) => chain === CONTAINMENT_CHAIN);
  const count = (type: string) => story.filter(({ event }) => event.type === type).length;
  assert.deepEqual([count('containment.placed'), count('containment.lifted')], [5, 3]);
  assert.ok(count('containment.pass') >= 5);
  for (const { event } of story) {
    const { actor } = event;
    const isPass = event.type === 'containment.pass' || event.type === 'containment.settled';
    assert.equal(actor.kind === 'system' ? actor.function : actor.kind, isPass ? 'sweeper' : 'principal');
  }
  assert.deepEqual(running.refusals(), []);
  const lines = running.logs.filter(({ line }) => /unexpected error|"level":"ERROR"/.test(line));
  assert.deepEqual(lines, []);
});
