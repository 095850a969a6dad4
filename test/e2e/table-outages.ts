import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Operation } from '../../lambdas/http/routes.ts';
import { RunView } from '../../lambdas/http/run-schemas.ts';
import {
  ASKS,
  endTask,
  idOf,
  issuedUnder,
  newActive,
  newRun,
  openTask,
  requestAccess,
  runSql,
  type Things,
  vend,
} from './asks.ts';
import { assertProblem } from './problems.ts';
import type { Caller, RunningStack } from './running-stack.ts';
import { type Fault, type FaultOf, firstCalls, withFault } from './table-faults.ts';

/** What each route needs of the table. */
const NEEDS: Readonly<Record<string, readonly Operation[]>> = {
  GetItem: ['readTask', 'renewTask', 'endTask', 'readGrant', 'requestRun', 'readRun', 'releaseGrant'],
  BatchGetItem: ['requestAccess', 'vendCredential', 'requestRun', 'readRun'],
  Query: ['listTasks', 'readTask', 'listGrants'],
  TransactWriteItems: [
    'openTask',
    'renewTask',
    'endTask',
    'requestAccess',
    'vendCredential',
    'requestRun',
    'releaseGrant',
  ],
};

/** They need a grant of the other mode. */
const RUNS: readonly Operation[] = ['requestRun', 'readRun'];

const ENDS: readonly Operation[] = ['releaseGrant', 'endTask'];
const endsLast = (a: Operation, b: Operation): number => ENDS.indexOf(a) - ENDS.indexOf(b);

const stateOf = async (running: RunningStack, { task }: { task: string }) =>
  (await running.items('grants'))
    .filter(({ pk }) => pk?.S === `TASK#${task}`)
    .map(({ version, state }) => [version, state]);

/** The table is throttled, away or forgets to answer: closed while it lasts, and nothing is lost. */
export const tableOutages = (
  place: () => { readonly running: RunningStack; readonly crew: Caller },
): void => {
  const whileFaulty = <T>(faultOf: FaultOf, act: () => Promise<T>): Promise<T> =>
    withFault(place().running.stack(), faultOf, act);

  for (const [needed, operations] of Object.entries(NEEDS))
    test(`without ${needed} of the table the answer is 503, nothing is released or changed, and later it works`, async () => {
      const { running, crew } = place();
      const things = await newActive(running, crew);
      const ran = await newRun(running, crew);
      const thingsOf = (operation: Operation): Things => (RUNS.includes(operation) ? ran : things);
      const askFor = (operation: Operation) => crew.ask(ASKS[operation](thingsOf(operation)));
      const askAll = () => Promise.all(operations.map(askFor));
      const stateOfBoth = () => Promise.all([things, ran].map((one) => stateOf(running, one)));
      const before = await stateOfBoth();
      for (const fault of ['throttle', 'broken'] as const) {
        const answers = await whileFaulty((operation) => (operation === needed ? fault : undefined), askAll);
        for (const answer of answers) {
          assert.equal(assertProblem(answer, 503, 'dependency_unavailable').retryable, true);
          assert.equal(answer.headers['retry-after'], '2');
          assert.ok(!answer.text.includes('X-Amz') && !answer.text.includes('"rows"'));
        }
      }
      assert.deepEqual(await stateOfBoth(), before);
      assert.equal(await issuedUnder(running, things.grant), 0);
      for (const operation of operations.toSorted(endsLast)) {
        const { status, text } = await askFor(operation);
        assert.ok(status < 300, `${operation}: ${text}`);
      }
      await Promise.all([things, ran].map(({ task }) => crew.ask(endTask(task))));
    });

  test('keys that a batch leaves unread are asked for again, and never taken for absent', async () => {
    const { running, crew } = place();
    const { task, grant } = await newActive(running, crew);
    const short = await whileFaulty(firstCalls(2, 'BatchGetItem', 'unprocessed'), () =>
      crew.ask(vend(grant)),
    );
    assert.equal(short.status, 201);
    const long = await whileFaulty(firstCalls(99, 'BatchGetItem', 'unprocessed'), () =>
      crew.ask(vend(grant)),
    );
    assertProblem(long, 503, 'dependency_unavailable');
    await crew.ask(endTask(task));
  });

  test('a table that says nothing is given up before the gateway loses its patience', async () => {
    const { running, crew } = place();
    const { task, grant } = await newActive(running, crew);
    await crew.ask(vend(grant));
    const startedAt = Date.now();
    const silent = (operation: string) => (operation === 'BatchGetItem' ? 'silent' : undefined);
    const answers = await whileFaulty(silent, () =>
      Promise.all([crew.ask(vend(grant)), crew.ask(requestAccess(task))]),
    );
    for (const answer of answers) assertProblem(answer, 503, 'dependency_unavailable');
    assert.ok(Date.now() - startedAt < 20_000);
    await crew.ask(endTask(task));
  });

  test('an answer of the table that gets lost is replaced by a look at the trail', async () => {
    const { running, crew } = place();
    const { task, grant } = await newActive(running, crew);
    for (const times of [1, 99]) {
      const issued = await issuedUnder(running, grant);
      const answer = await whileFaulty(firstCalls(times, 'TransactWriteItems', 'lost'), () =>
        crew.ask(vend(grant)),
      );
      assert.equal(answer.status, 201);
      assert.equal(await issuedUnder(running, grant), issued + 1, 'recorded once');
    }
    const key = { 'idempotency-key': 'lost', prefer: 'wait=20' };
    const asked = await whileFaulty(firstCalls(99, 'TransactWriteItems', 'lost'), () =>
      crew.ask(requestAccess(task, {}, { 'idempotency-key': 'lost' })),
    );
    assert.equal(idOf(await crew.ask(requestAccess(task, {}, key))), idOf(asked));
    const { grant: reading } = await newRun(running, crew);
    const ran = await whileFaulty(firstCalls(99, 'TransactWriteItems', 'lost'), () =>
      crew.ask(runSql(reading, 'SELECT 7')),
    );
    assert.deepEqual([ran.status, RunView.parse(ran.json).rows], [200, [[7]]]);
    assert.deepEqual(
      (await running.trail())
        .filter(({ event }) => 'run' in event && event.run === idOf(ran))
        .map(({ event }) => event.type),
      ['run.requested', 'run.started', 'run.ended'],
      'decided, executed and settled once',
    );
    const ended = await whileFaulty(firstCalls(3, 'TransactWriteItems', 'lost'), () =>
      crew.ask(endTask(task)),
    );
    assert.equal(ended.status, 200, ended.text);
  });

  test('what cannot be known to be recorded is not released', async () => {
    const { running, crew } = place();
    const { task, grant } = await newActive(running, crew);
    const blind = (operation: string): Fault | undefined =>
      operation === 'TransactWriteItems' ? 'lost' : operation === 'GetItem' ? 'broken' : undefined;
    const answer = await whileFaulty(blind, () => crew.ask(vend(grant)));
    assertProblem(answer, 503, 'dependency_unavailable');
    assert.ok(!answer.text.includes('X-Amz'));
    const key = { 'idempotency-key': 'blind' };
    assertProblem(
      await whileFaulty(blind, () => crew.ask({ ...openTask(), headers: key })),
      503,
      'dependency_unavailable',
    );
    const [one, two] = [
      await crew.ask({ ...openTask(), headers: key }),
      await crew.ask({ ...openTask(), headers: key }),
    ];
    assert.equal(idOf(one), idOf(two), 'what was made in the dark is found by its key');
    await crew.ask(endTask(task));
  });
};
