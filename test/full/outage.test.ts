import assert from 'node:assert/strict';
import { join } from 'node:path';
import { after, before, mock, test } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { Client } from 'pg';
import { SAMPLE_DATABASES } from '../../examples/databases/sample-databases.ts';
import { type LocalPostgres, startPostgres } from '../../examples/targets/postgres.ts';
import type { FunctionName } from '../../lambdas/core/config/compiled.ts';
import { PostgresCredentialView } from '../../lambdas/http/credential-schemas.ts';
import { GrantView, TaskView } from '../../lambdas/http/schemas.ts';
import { AwsError } from '../../local/aws-error.ts';
import {
  ASKS,
  endTask,
  idOf,
  issuedUnder,
  newActive,
  newTask,
  openTask,
  readGrant,
  release,
  requestAccess,
  until,
  vend,
  waitToken,
} from '../e2e/asks.ts';
import { assertProblem } from '../e2e/problems.ts';
import { type Caller, type RunningStack, runStack } from '../e2e/running-stack.ts';
import { tableOutages } from '../e2e/table-outages.ts';

let running: RunningStack;
let crew: Caller;
let postgres: LocalPostgres;
/** Its minute is running from the first test on; the last one looks how it ended. */
let minute: { grant: string; expiresAt: number; connection: Client };
/** Its task has a lease of fifteen seconds, and nobody is heard of again. */
let abandoned: string;
/** Lives through the restart and is ended after it. */
let survivor: string;

before(async () => {
  running = await runStack();
  crew = await running.caller('sales-crew');
  minute = await startMinute();
  const leased = idOf(await crew.ask(openTask({ name: 'leased', leaseSeconds: 15 })));
  abandoned = idOf(await crew.ask(requestAccess(leased)));
  survivor = (await newActive(running, crew)).grant;
  await Promise.all([minute.grant, abandoned].map((grant) => waitToken(running, grant)));
});
after(async () => {
  await minute.connection.end();
  await postgres.stop();
  await running.remove();
});

const startMinute = async () => {
  const asked = await crew.ask(requestAccess(await newTask(crew), { durationSeconds: 60 }));
  const grant = GrantView.parse(asked.json);
  const connection = await connect(grant.id);
  return { grant: grant.id, expiresAt: Date.parse(grant.expiresAt ?? ''), connection };
};

const connect = async (grant: string): Promise<Client> => {
  const answer = await crew.ask(vend(grant));
  assert.equal(answer.status, 201, answer.text);
  const { host, port, database, user, password, sslrootcert } = PostgresCredentialView.parse(
    answer.json,
  ).postgres;
  const client = new Client({ host, port, database, user, password, ssl: { ca: sslrootcert } });
  client.on('error', () => undefined);
  await client.connect();
  return client;
};

const grantNow = async (id: string) => GrantView.parse((await crew.ask(readGrant(id))).json);

const untilDead = (id: string, seconds?: number) =>
  until(async () => {
    const grant = await grantNow(id);
    return grant.ending?.status === 'dead' ? grant : undefined;
  }, seconds);

/** An outage of this file may stand in the way of an end that nobody waits for; no longer than that may it take. */
const deadInTime = ({ ending }: ReturnType<typeof GrantView.parse>): boolean =>
  (ending?.deadAfterMs ?? Number.POSITIVE_INFINITY) < 20_000;

const functionOf = (name: FunctionName) => {
  const found = running.stack().aws.functions.get(`latchkey-${name}`);
  assert.ok(found);
  return found;
};

test('a restart of everything keeps what is active, and whoever waits for its end', async () => {
  await minute.connection.end();
  await running.restart();
  postgres = running.stack().postgres;
  assert.equal((await grantNow(minute.grant)).state, 'active');
  const connection = await connect(survivor);
  const before = running.awsCalls.length;
  const ended = GrantView.parse((await crew.ask(release(survivor))).json);
  assert.equal(ended.ending?.status, 'dead');
  const calls = running.awsCalls.slice(before).map(({ role, action }) => `${role} ${action}`);
  assert.ok(
    calls.includes('api states:SendTaskSuccess'),
    'the token of before the restart still wakes the workflow',
  );
  await assert.rejects(connection.query('SELECT 1'));
  minute.connection = await connect(minute.grant);
});

test('while the database is down, activation is tried again and nothing is said to be active', async () => {
  const id = await whileDatabaseIsDown(async () => {
    const asked = await crew.ask(requestAccess(await newTask(crew), {}, { prefer: 'wait=1' }));
    assert.equal(asked.status, 202);
    assert.equal(GrantView.parse(asked.json).state, 'activating');
    assertProblem(await crew.ask(vend(idOf(asked))), 409, 'grant_pending');
    return idOf(asked);
  });
  const settled = await until(async () => {
    const grant = await grantNow(id);
    return grant.state === 'activating' ? undefined : grant;
  });
  // The pauses between the tries are random: rarely, all of them fall into the outage.
  if (settled.state === 'failed') await untilDead(id);
  else await (await connect(id)).end();
});

test('while the database is down, an end is tried for ever, in quarantine under an alarm, until it is proved', async () => {
  const { grant } = await newActive(running, crew);
  const { grant: other } = await newActive(running, crew);
  await whileDatabaseIsDown(async () => {
    assert.equal((await crew.ask(vend(other))).status, 201, 'a credential says nothing about its target');
    const released = await crew.ask(release(grant));
    assert.equal(released.status, 202, 'not proved dead is never a success');
    assert.equal(released.headers.location, `/v1/grants/${grant}`);
    await until(async () => (await grantNow(grant)).ending?.status === 'quarantined' || undefined);
    assertProblem(await crew.ask(vend(grant)), 410, 'grant_over');
    assert.equal((await crew.ask(release(grant))).status, 202);
    const alarming = await sweepMetrics();
    assert.deepEqual([alarming.SweepSucceeded, alarming.ProbeGotIn], [0, 0]);
    assert.ok(alarming.GrantsInQuarantine >= 1);
  });
  const dead = await untilDead(grant);
  assert.ok((dead.ending?.attempts ?? 0) > 3);
  assert.equal((await crew.ask(release(grant))).status, 200);
  await until(async () => {
    const { SweepSucceeded, GrantsInQuarantine } = await sweepMetrics();
    return (SweepSucceeded === 1 && GrantsInQuarantine === 0) || undefined;
  });
  const told = (await running.trail()).filter(({ chain }) => chain === grant).map(({ event }) => event);
  const failed = told.flatMap((event) => (event.type === 'ending.failed' ? [event.quarantined] : []));
  assert.deepEqual(failed.slice(0, 3), [false, false, true]);
  assert.equal(told.at(-1)?.type, 'ending.proved');
});

const whileDatabaseIsDown = async <T>(act: () => Promise<T>): Promise<T> => {
  await postgres.stop();
  try {
    return await act();
  } finally {
    const directory = join(running.dataDir, 'postgres');
    postgres = await startPostgres({ directory, databases: SAMPLE_DATABASES });
  }
};

/** What the sweeper publishes, as its alarms would read it from its log. */
const sweepMetrics = async () => {
  const start = running.logs.length;
  await running.stack().sweep();
  const published = await until(async () =>
    running.logs.slice(start).findLast(({ line }) => line.includes('"SweepSucceeded":')),
  );
  const { SweepSucceeded, GrantsInQuarantine, ProbeGotIn } = JSON.parse(published.line);
  return { SweepSucceeded, GrantsInQuarantine, ProbeGotIn };
};

tableOutages(() => ({ running, crew }));

test('a task whose owner is not heard of any more loses what it holds', async () => {
  const grant = await untilDead(abandoned);
  assert.deepEqual([grant.state, grant.cause], ['revoked', 'lease_lost']);
  assert.ok(deadInTime(grant));
});

/** Kills a function when it makes so many calls; that call is still done, and its answer is seen by nobody. */
const killAt = async <T>(name: FunctionName, nth: number, act: () => Promise<T>): Promise<T> => {
  let seen = 0;
  running.watchCalls(({ role }) => {
    if (role !== name) return;
    seen += 1;
    if (seen === nth) functionOf(name).kill();
  });
  try {
    return await act();
  } finally {
    running.watchCalls(undefined);
  }
};

test('a request that is killed after any of its calls is found again by its key', async () => {
  for (const nth of [1, 2, 3]) {
    const task = await newTask(crew);
    const key = { 'idempotency-key': `killed-${nth}`, prefer: 'wait=20' };
    const killed = await killAt('api', nth, () => crew.ask(requestAccess(task, {}, key)));
    assertProblem(killed, 500, 'internal_error');
    const again = await crew.ask(requestAccess(task, {}, key));
    assert.equal(again.status, 201, again.text);
    const { grants } = TaskView.parse((await crew.ask(endTask(task))).json);
    assert.deepEqual(
      grants?.map(({ id, ending }) => [id, ending?.status]),
      [[idOf(again), 'dead']],
    );
  }
});

test('a vend that is killed after any of its calls releases nothing, and the next one is counted after it', async () => {
  const { task, grant } = await newActive(running, crew);
  functionOf('vend').kill();
  // The read; then, since a new process has no session to sign with, the session; then the entry.
  for (const nth of [1, 2, 3]) {
    const killed = await killAt('vend', nth, () => crew.ask(vend(grant)));
    assertProblem(killed, 500, 'internal_error');
    assert.ok(!killed.text.includes('X-Amz'));
  }
  assert.equal((await crew.ask(vend(grant))).status, 201);
  assert.equal(
    await issuedUnder(running, grant),
    2,
    'the one that was killed after its entry stands in the trail too',
  );
  await crew.ask(endTask(task));
});

test('an end that is killed after any of its calls is finished by whoever asks again', async () => {
  for (const nth of [1, 2, 3, 4]) {
    const { grant } = await newActive(running, crew);
    const connection = await connect(grant);
    await killAt('api', nth, () => crew.ask(release(grant)));
    const again = await crew.ask(release(grant));
    assert.equal(again.status, 200, again.text);
    await assert.rejects(connection.query('SELECT 1'));
  }
});

test('whenever the function that reaches targets is killed, what it began is finished or undone', async () => {
  const killed = await killEvery(4, async () => {
    const task = await newTask(crew);
    const asked = await Promise.all(
      Array.from({ length: 4 }, () => crew.ask(requestAccess(task, {}, { prefer: 'wait=3' }))),
    );
    assert.ok([200, 202].includes((await crew.ask(endTask(task))).status));
    return asked.map(idOf);
  });
  for (const grant of killed) {
    await sweepUntil(async () => ['dead', 'none'].includes((await grantNow(grant)).ending?.status ?? ''));
    const { state } = await grantNow(grant);
    assert.ok(['released', 'failed', 'cancelled'].includes(state), state);
  }
});

/** Kills it at every so many of its calls, in activations and endings alike. */
const killEvery = async <T>(nth: number, act: () => Promise<T>): Promise<T> => {
  let calls = 0;
  let kills = 0;
  running.watchCalls(({ role }) => {
    if (role !== 'runner') return;
    calls += 1;
    if (calls % nth !== 0 || kills === KILLS_MAX) return;
    kills += 1;
    functionOf('runner').kill();
  });
  try {
    return await act();
  } finally {
    running.watchCalls(undefined);
    assert.ok(kills >= 2, `${kills} kills`);
  }
};
/** More would use up the workflow's patience, and only show that of the sweeper. */
const KILLS_MAX = 5;

test('a leaked callback token gives nothing: sent by hand, it ends access', async () => {
  const { grant } = await newActive(running, crew);
  const connection = await connect(grant);
  const taskToken = await waitToken(running, grant);
  const output = JSON.stringify({ active: true, waitSeconds: 86_400, state: 'active' });
  const { stepFunctions } = running.stack().aws;
  await stepFunctions.call('SendTaskSuccess', { taskToken, output });
  const ended = await untilDead(grant);
  assert.deepEqual([ended.state, ended.cause], ['revoked', 'workflow_ended_early']);
  await assert.rejects(connection.query('SELECT 1'));
  assertProblem(await crew.ask(vend(grant)), 410, 'grant_over');
  assert.equal(await issuedUnder(running, grant), 1);
  await assert.rejects(stepFunctions.call('SendTaskSuccess', { taskToken, output }), {
    code: 'TaskTimedOut',
  });
});

test('a workflow that cannot be reached is no failure: the sweeper starts it, and ends what it should have ended', async () => {
  const { grant } = await newActive(running, crew);
  const connection = await connect(grant);
  const task = await newTask(crew);
  const [asked, released] = await withoutWorkflow(() =>
    Promise.all([crew.ask(requestAccess(task, {}, {})), crew.ask(release(grant))]),
  );
  assert.deepEqual([asked.status, GrantView.parse(asked.json).state], [202, 'preparing']);
  assert.equal(released.status, 202);
  assertProblem(await crew.ask(vend(grant)), 410, 'grant_over');
  await sweepUntil(async () => (await grantNow(grant)).ending?.status === 'dead');
  await assert.rejects(connection.query('SELECT 1'));
  await sweepUntil(async () => (await grantNow(idOf(asked))).state === 'active');
});

/** What is left to the sweeper is due ten or fifteen seconds later. */
const sweepUntil = (isSo: () => Promise<boolean>): Promise<true> =>
  until(async () => {
    await running.stack().sweep();
    if (await isSo()) return true;
    await pause(500);
    return undefined;
  }, 30);

const withoutWorkflow = async <T>(act: () => Promise<T>): Promise<T> => {
  const { stepFunctions } = running.stack().aws;
  const deaf = mock.method(stepFunctions, 'call', async () => {
    throw new AwsError('InternalServerError', 'Internal server error', { status: 500 });
  });
  try {
    return await act();
  } finally {
    deaf.mock.restore();
  }
};

test('a window that is over ends by itself, on time, through everything that happened meanwhile', async () => {
  await pause(Math.max(0, minute.expiresAt - Date.now()));
  assertProblem(await crew.ask(vend(minute.grant)), 410, 'grant_over');
  const grant = await untilDead(minute.grant);
  assert.deepEqual([grant.state, grant.cause], ['expired', 'window_over']);
  assert.ok(deadInTime(grant));
  await assert.rejects(minute.connection.query('SELECT 1'));
});

test('in the end nothing is left at the target, nothing was asked for in vain, and the trail is whole', async () => {
  const { grants } = JSON.parse((await crew.ask(ASKS.listGrants({ task: '', grant: '' }))).text);
  await Promise.all(grants.map(({ task }: { task: string }) => crew.ask(endTask(task))));
  await running.stack().sweep();
  const superuser = await postgres.asSuperuser('postgres');
  const { rows } = await superuser.query("SELECT rolname FROM pg_roles WHERE starts_with(rolname, 'lk_')");
  await superuser.end();
  assert.deepEqual(rows, []);
  assert.deepEqual(running.refusals(), []);
  assert.deepEqual((await running.verifyTrail()).flaws, []);
});
