import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { AssumeAsk, AssumedSession } from '../../../lambdas/adapters/aws/assume-role.ts';
import { keptSessions } from '../../../lambdas/adapters/aws/kept-sessions.ts';
import { DependencyUnavailable } from '../../../lambdas/app/ports.ts';

const MINUTE_MS = 60_000;
const ASK = {
  roleArn: 'arn:aws:iam::111122223333:role/a',
  externalId: undefined,
  sessionName: 'latchkey-runner',
  seconds: 3_600,
};

/** Sessions that are numbered, and a clock that a test sets. */
const scene = () => {
  const state = { now: 1_795_428_000_000, made: 0, isAway: false };
  const assume = async ({ seconds }: AssumeAsk): Promise<AssumedSession> => {
    if (state.isAway) throw new DependencyUnavailable('sts', new Error('away'));
    state.made += 1;
    const keys = { accessKeyId: `${state.made}`, secretAccessKey: 's', sessionToken: 't' };
    return { keys, issuedAt: state.now, expiresAt: state.now + seconds * 1_000, packedPercent: 0 };
  };
  const sessionOf = keptSessions({ assume, clock: () => state.now });
  const used = async (over: Partial<AssumeAsk> = {}, seconds = 60) =>
    (await sessionOf({ ...ASK, ...over }, seconds)).keys.accessKeyId;
  return { state, used };
};

test('a session is used again for a quarter of an hour, and then made anew: its role may be another by then', async () => {
  const { state, used } = scene();
  assert.equal(await used(), '1');
  state.now += 15 * MINUTE_MS - 1;
  assert.equal(await used(), '1');
  state.now += 1;
  assert.equal(await used(), '2');
});

test('a session that ends before what it is for is made anew', async () => {
  const { state, used } = scene();
  await used({ seconds: 900 });
  state.now += 5 * MINUTE_MS;
  assert.equal(await used({ seconds: 900 }, 60), '1');
  assert.equal(await used({ seconds: 900 }, 540), '2');
});

test('each role has a session of its own', async () => {
  const { used } = scene();
  assert.deepEqual(
    [await used(), await used({ roleArn: `${ASK.roleArn}-2` }), await used()],
    ['1', '2', '1'],
  );
});

test('a failure is not kept', async () => {
  const { state, used } = scene();
  state.isAway = true;
  await assert.rejects(used(), DependencyUnavailable);
  state.isAway = false;
  assert.equal(await used(), '1');
});
