import assert from 'node:assert/strict';
import { beforeEach, test } from 'node:test';
import { createIssuerKeys, type FindKey } from '../../lambdas/adapters/issuer-keys.ts';
import { KeySetRefused, parseKeySet } from '../../lambdas/adapters/key-set.ts';
import { DependencyUnavailable } from '../../lambdas/app/ports.ts';
import {
  JWKS_COOLDOWN_SECONDS,
  JWKS_REFRESH_SECONDS,
  JWKS_TTL_SECONDS,
  SECOND_MS,
} from '../../lambdas/core/limits.ts';
import { ecKey } from '../support/sign-token.ts';

const URI = 'https://id.example.com/jwks';
const OLD = ecKey('old');
const NEW = ecKey('new');
const setOf = (...keys: readonly { jwk: object }[]) =>
  parseKeySet(Buffer.from(JSON.stringify({ keys: keys.map(({ jwk }) => jwk) })));

let now: number;
let questions: number;
let answer: () => Promise<ReturnType<typeof setOf>>;
let find: FindKey;
const later = (seconds: number) => {
  now += seconds * SECOND_MS;
};
const isKnown = async (kid: string) => (await find(URI, kid)) !== undefined;

beforeEach(() => {
  now = Date.UTC(2030, 0, 1);
  questions = 0;
  answer = async () => setOf(OLD);
  find = createIssuerKeys({
    clock: () => now,
    fetchKeySet: () => {
      questions += 1;
      return answer();
    },
  });
});

test('an issuer is asked when its first token comes, and not again while its keys are young', async () => {
  assert.equal(await isKnown('old'), true);
  later(JWKS_REFRESH_SECONDS - 1);
  assert.equal(await isKnown('old'), true);
  assert.equal(questions, 1);
});

test('those who come together share one question', async () => {
  const answers = await Promise.all(Array.from({ length: 50 }, () => isKnown('old')));
  assert.deepEqual([answers.every(Boolean), questions], [true, 1]);
});

test('a key that its issuer has removed is refused once the TTL is over, and in practice at the next refresh', async () => {
  assert.equal(await isKnown('old'), true);
  answer = async () => setOf(NEW);
  later(JWKS_REFRESH_SECONDS - 1);
  assert.equal(await isKnown('old'), true);
  later(1);
  assert.equal(await isKnown('old'), false);
});

test('another key under the same id replaces the old one', async () => {
  const before = await find(URI, 'old');
  const twin = ecKey('old');
  answer = async () => setOf(twin);
  later(JWKS_TTL_SECONDS);
  const after = await find(URI, 'old');
  assert.ok(before !== undefined && after !== undefined);
  assert.deepEqual([after.key.equals(twin.publicKey), after.key.equals(before.key)], [true, false]);
});

test('keys outlive an issuer that is away until the TTL, and not a millisecond longer', async () => {
  assert.equal(await isKnown('old'), true);
  answer = () => Promise.reject(new Error('away'));
  later(JWKS_TTL_SECONDS - 1);
  assert.equal(await isKnown('old'), true);
  now += 999;
  assert.equal(await isKnown('old'), true);
  now += 1;
  await assert.rejects(isKnown('old'), DependencyUnavailable);
});

test('the age of keys counts from before they were asked for', async () => {
  answer = async () => {
    later(60);
    return setOf(OLD);
  };
  assert.equal(await isKnown('old'), true);
  answer = () => Promise.reject(new Error('away'));
  later(JWKS_TTL_SECONDS - 60);
  await assert.rejects(isKnown('old'), DependencyUnavailable);
});

test('an issuer that is away is asked once per cool-down, and nobody passes meanwhile', async () => {
  answer = () => Promise.reject(new KeySetRefused('status'));
  for (let tries = 0; tries < 20; tries += 1) {
    await assert.rejects(
      isKnown('old'),
      (error: DependencyUnavailable) => error.cause instanceof KeySetRefused,
    );
  }
  assert.equal(questions, 1);
  later(JWKS_COOLDOWN_SECONDS);
  answer = async () => setOf(OLD);
  assert.equal(await isKnown('old'), true);
});

test('a key id that an unreachable issuer may have added is undecided, not refused', async () => {
  assert.equal(await isKnown('old'), true);
  later(JWKS_COOLDOWN_SECONDS);
  answer = () => Promise.reject(new Error('away'));
  await assert.rejects(isKnown('new'), DependencyUnavailable);
  assert.equal(await isKnown('old'), true);
});

test('a rotated key is found by its first token', async () => {
  assert.equal(await isKnown('old'), true);
  later(JWKS_COOLDOWN_SECONDS);
  answer = async () => setOf(OLD, NEW);
  assert.equal(await isKnown('new'), true);
  assert.equal(questions, 2);
});

test('a flood of made-up key ids costs the issuer one question per cool-down', async () => {
  assert.equal(await isKnown('old'), true);
  const floodSeconds = 60;
  for (let tick = 0; tick < floodSeconds * 10; tick += 1) {
    assert.equal(await isKnown(`made-up-${tick}`), false);
    later(0.1);
  }
  assert.ok(questions <= 1 + floodSeconds / JWKS_COOLDOWN_SECONDS, `${questions} questions`);
  assert.equal(await isKnown('old'), true);
});

test('a flood delays a genuine rotation by no more than the cool-down', async () => {
  assert.equal(await isKnown('old'), true);
  for (let tick = 0; tick < 100; tick += 1) {
    await isKnown(`made-up-${tick}`);
    later(0.1);
  }
  answer = async () => setOf(NEW);
  const rotatedAt = now;
  while (!(await isKnown('new'))) {
    await isKnown(`made-up-${now}`);
    later(0.1);
  }
  assert.ok(now - rotatedAt <= JWKS_COOLDOWN_SECONDS * SECOND_MS, `${now - rotatedAt} ms`);
});

test('one issuer in trouble is no trouble for another', async () => {
  answer = () => Promise.reject(new Error('away'));
  await assert.rejects(isKnown('old'), DependencyUnavailable);
  answer = async () => setOf(OLD);
  assert.notEqual(await find('https://other.example/jwks', 'old'), undefined);
});

test('a key of one issuer is not found at another', async () => {
  assert.equal(await isKnown('old'), true);
  answer = async () => setOf(NEW);
  assert.equal(await find('https://other.example/jwks', 'old'), undefined);
});

test('a clock that was set back makes keys old, not young for ever', async () => {
  assert.equal(await isKnown('old'), true);
  answer = async () => setOf(NEW);
  later(-3_600);
  assert.equal(await isKnown('old'), false);
});
