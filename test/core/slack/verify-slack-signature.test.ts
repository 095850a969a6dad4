import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import {
  type SignedRequest,
  verifySlackSignature,
} from '../../../lambdas/core/slack/verify-slack-signature.ts';
import { signSlack } from '../../support/slack-requests.ts';

/** The worked example of docs.slack.dev, *Verifying requests from Slack*. */
const AT = 1_531_420_618;
const EXAMPLE: SignedRequest = {
  rawBody: Buffer.from(
    'token=xyzz0WbapA4vBCDEFasx0q6G&team_id=T1DC2JH3J&team_domain=testteamnow&channel_id=G8PSS9T3V&channel_name=foobar&user_id=U2CERLKJA&user_name=roadrunner&command=%2Fwebhook-collect&text=&response_url=https%3A%2F%2Fhooks.slack.com%2Fcommands%2FT1DC2JH3J%2F397700885554%2F96rGlfmibIGlgcZRskXaIFfN&trigger_id=398738663015.47445629121.803a0bc887a14d10d2c447fce8b6703c',
  ),
  timestamp: String(AT),
  signature: 'v0=a2114d57b48eac39b9ad189dd8316235a7b4a8d21a10bd27519666489c69b503',
  secret: '8f742231b10e8888abcd99yyyzzz85a5',
  now: AT * 1_000,
};

const verify = (change: Partial<SignedRequest>) => verifySlackSignature({ ...EXAMPLE, ...change });

test('the example of Slack’s documentation passes', () => {
  assert.equal(verify({}), true);
});

test('a signature passes for five minutes either way and not a second longer', () => {
  for (const seconds of [-300, -299, 0, 299, 300])
    assert.equal(verify({ now: (AT + seconds) * 1_000 }), true);
  for (const seconds of [-301, 301, 3_600, -3_600, Number.NaN])
    assert.equal(verify({ now: (AT + seconds) * 1_000 }), false, String(seconds));
});

test('one bit of body, secret, timestamp or signature makes another', () => {
  const flipped = Uint8Array.from(EXAMPLE.rawBody);
  flipped[10] = (flipped[10] ?? 0) ^ 1;
  assert.equal(verify({ rawBody: flipped }), false);
  assert.equal(verify({ rawBody: Buffer.concat([EXAMPLE.rawBody, Buffer.from('&')]) }), false);
  assert.equal(verify({ secret: `${EXAMPLE.secret}x` }), false);
  assert.equal(verify({ timestamp: String(AT + 1) }), false);
  assert.equal(verify({ signature: EXAMPLE.signature?.replace('a2', 'a3') }), false);
});

test('what is not a timestamp is none, even where it is signed', () => {
  for (const timestamp of [
    '',
    'abc',
    'NaN',
    ' 1531420618',
    '1531420618.0',
    '1.531420618e9',
    '+1531420618',
    '-1',
    '0x5B47A2CA',
    '١٥٣١٤٢٠٦١٨',
    `${AT}\n`,
    '9'.repeat(30),
  ])
    assert.equal(verify({ timestamp, signature: signSlack(EXAMPLE.rawBody, timestamp) }), false, timestamp);
  assert.equal(verify({ timestamp: undefined }), false);
});

test('a signature of another length, version, case or alphabet is none', () => {
  const { signature = '' } = EXAMPLE;
  for (const other of [
    '',
    'v0=',
    signature.slice(0, -1),
    `${signature}0`,
    signature.toUpperCase(),
    signature.replace('v0', 'v1'),
    signature.slice(3),
    `v0=${'z'.repeat(64)}`,
    `${signature}\n`,
  ])
    assert.equal(verify({ signature: other }), false, other);
  assert.equal(verify({ signature: undefined }), false);
});

test('an empty secret signs nothing', () => {
  const { rawBody, timestamp = '' } = EXAMPLE;
  assert.equal(verify({ secret: '', signature: signSlack(rawBody, timestamp, '') }), false);
});

test('no input makes it throw, and none is let in', () => {
  fc.assert(
    fc.property(
      fc.uint8Array(),
      fc.string({ unit: 'binary' }),
      fc.string({ unit: 'binary' }),
      (rawBody, timestamp, signature) => {
        assert.equal(verify({ rawBody, timestamp, signature }), false);
      },
    ),
  );
});
