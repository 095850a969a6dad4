import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { readDenied, writeEnded } from '../../../lambdas/adapters/aws/write-ended.ts';
import {
  covers,
  type DeniedSessions,
  type EndedSessions,
  readEndedPolicy,
} from '../../../lambdas/core/aws/ended-policy.ts';
import { type Pass, rememberedPolicy } from '../../support/policy-versions.ts';

const endedNamed = (name: string): EndedSessions => ({
  grantId: `g_${name}`,
  mark: name.padEnd(12, '0'),
  until: 9e12,
  issuedBefore: 5_000,
});

/** One role's policy and table, and what writers have promised about it so far. */
const startRole = () => {
  const policy = rememberedPolicy();
  const table: EndedSessions[] = [];
  const promised: EndedSessions[] = [];
  const overflows: DeniedSessions[] = [];
  /** After each step of anybody: whoever was promised to be denied is. */
  const look = (when: string): void => {
    const denied = readEndedPolicy(policy.holding());
    for (const one of promised)
      assert.ok(denied && covers(denied, one), `${one.grantId} is let in again after ${when}`);
  };
  /** Ends one grant's sessions as a function does, with each of its calls let through by `gate`. */
  const end = async (name: string, gate: (call: string) => Promise<void>, lag?: typeof policy.list) => {
    const pass: Pass = async (call, act) => {
      await gate(call);
      const answer = act();
      look(`${call} of ${name}`);
      return answer;
    };
    const mine = endedNamed(name);
    await pass('put', () => table.push(mine));
    const denied = await writeEnded({
      versions: policy.versions(pass, lag),
      ended: () => pass('ended', () => [...table]),
      overflows: async (said) => void overflows.push(said),
      backoff: async () => undefined,
    });
    if (denied) promised.push(...table.filter((one) => covers(denied, one)));
    look(`the end of ${name}`);
    return denied;
  };
  return { policy, table, promised, overflows, end };
};

const open = async () => undefined;

/** A gate that stops at one call, and can be opened later. */
const stopAt = (call: number) => {
  let seen = 0;
  const { promise: reached, resolve: isReached } = Promise.withResolvers<void>();
  const { promise: opened, resolve: release } = Promise.withResolvers<void>();
  const gate = async (): Promise<void> => {
    seen += 1;
    if (seen < call) return;
    isReached();
    await opened;
  };
  return { gate, reached, release };
};

test('a writer that is alone leaves one version, which denies whoever is in the table', async () => {
  const { policy, end } = startRole();
  await end('a', open);
  await end('b', open);
  assert.equal(policy.list().length, 1);
  const { denied, isCluttered } = await readDenied(policy.versions(async (_call, act) => act()));
  assert.deepEqual(denied?.marks.toSorted(), ['a00000000000', 'b00000000000']);
  assert.equal(isCluttered, false);
});

test('a writer that is paused before any of its calls, while another ends somebody, revives nobody', async () => {
  let calls = 0;
  for (let call = 1; ; call += 1) {
    const { end, policy, promised } = startRole();
    const paused = stopAt(call);
    const late = end('late', paused.gate);
    const isPaused = await Promise.race([paused.reached.then(() => true), late.then(() => false)]);
    if (!isPaused) break;
    calls += 1;
    assert.ok(await end('quick', open), `call ${call}`);
    paused.release();
    assert.ok(await late, `call ${call}`);
    assert.equal(promised.length >= 2, true);
    assert.equal(policy.list().length, 1);
  }
  assert.ok(calls >= 7, `${calls} points were generated`);
});

test('so do two that are paused anywhere while a third ends somebody, whichever of them goes on first', async () => {
  const points = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10];
  for (const first of points)
    for (const second of points)
      for (const order of [0, 1]) {
        const { end } = startRole();
        const gates = [stopAt(first), stopAt(second)];
        const late = gates.map(({ gate }, index) => end(`late${index}`, gate));
        for (const [index, { reached }] of gates.entries()) await Promise.race([reached, late[index]]);
        assert.ok(await end('quick', open));
        const [one, other] = order === 0 ? [0, 1] : [1, 0];
        gates[one]?.release();
        await late[one];
        gates[other]?.release();
        await late[other];
      }
});

test('a writer that never goes on leaves nothing in the way of others', async () => {
  for (let call = 1; call <= 8; call += 1) {
    const { end, policy } = startRole();
    void end('lost', stopAt(call).gate);
    await end('b', open);
    await end('c', open);
    assert.equal(policy.list().length, 1, `stopped at call ${call}`);
  }
});

const schedules = fc.scheduler();

test('writers in any order of their calls promise only what holds', () =>
  fc.assert(
    fc.asyncProperty(schedules, fc.integer({ min: 2, max: 5 }), async (scheduler, count) => {
      const { end, promised } = startRole();
      const names = Array.from({ length: count }, (_, index) => `w${index}`);
      const ends = names.map((name) =>
        end(name, (call) => scheduler.schedule(Promise.resolve(), `${name} ${call}`)),
      );
      await scheduler.waitFor(Promise.all(ends));
      assert.ok(promised.length > 0);
    }),
    { numRuns: 150 },
  ));

test('also where IAM lists versions as they were a while ago', () =>
  fc.assert(
    fc.asyncProperty(
      schedules,
      fc.infiniteStream(fc.integer({ min: 0, max: 3 })),
      async (scheduler, lags) => {
        const { end, policy } = startRole();
        const seen = [policy.list()];
        const lagging = () => {
          seen.push(policy.list());
          return seen.at(-1 - (lags.next().value ?? 0)) ?? policy.list();
        };
        const ends = ['a', 'b', 'c'].map((name) =>
          end(name, (call) => scheduler.schedule(Promise.resolve(), `${name} ${call}`), lagging),
        );
        await scheduler.waitFor(Promise.all(ends));
      },
    ),
    { numRuns: 150 },
  ));

test('a version that IAM does not list yet is removed all the same', async () => {
  for (let call = 1; call <= 8; call += 1) {
    const { end, policy } = startRole();
    const before = policy.list();
    const paused = stopAt(call);
    const late = end('late', paused.gate);
    await paused.reached;
    let looks = 0;
    assert.ok(await end('quick', open, () => (looks++ === 0 ? before : policy.list())));
    paused.release();
    await late;
  }
});

test('whoever comes into the table while it is written is denied by the same writer', async () => {
  const { end, table, policy } = startRole();
  let isLate = false;
  await end('a', async (call) => {
    if (call === 'makeDefault' && !isLate) isLate = table.push(endedNamed('b')) > 0;
  });
  const denied = readEndedPolicy(policy.holding());
  assert.ok(denied && table.every((one) => covers(denied, one)));
});

test('a version in the way of a new one goes, although its writer is still there', async () => {
  const { end } = startRole();
  const stopped = Array.from({ length: 4 }, () => stopAt(5));
  const late = stopped.map(({ gate }, index) => end(`late${index}`, gate));
  await Promise.all(stopped.map(({ reached }) => reached));
  assert.ok(await end('quick', open));
  for (const { release } of stopped) release();
  for (const denied of await Promise.all(late)) assert.ok(denied);
});

test('a policy that somebody else has written is none of ours, and is written anew', async () => {
  const { end, policy } = startRole();
  const versions = policy.versions(async (_call, act) => act());
  const foreign = '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"*","Resource":"*"}]}';
  await versions.makeDefault((await versions.create(foreign)) ?? 0);
  assert.deepEqual(await readDenied(versions), { denied: undefined, isCluttered: true });
  await end('a', open);
  assert.deepEqual((await readDenied(versions)).denied?.marks, ['a00000000000']);
});

test('whoever is hit by a denial by time is told of before it holds', async () => {
  const { end, table, overflows, policy } = startRole();
  for (let index = 0; index < 400; index += 1)
    table.push({ ...endedNamed(`m${index}`), issuedBefore: index * 1_000 });
  await end('a', async (call) => {
    if (call === 'makeDefault') assert.equal(overflows.length, 1);
  });
  assert.equal(overflows[0]?.issuedBefore, readEndedPolicy(policy.holding())?.issuedBefore);
});
