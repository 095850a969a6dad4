import assert from 'node:assert/strict';
import { test } from 'node:test';
import { cachingSha2Digest, nativeDigest } from '../../../lambdas/core/database/mysql-digests.ts';
import { scramVerifier } from '../../../lambdas/core/database/scram-verifier.ts';

const ALPHABET = './0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';
const bytesOf = (salt: string): Uint8Array => Uint8Array.from(salt, (letter) => ALPHABET.indexOf(letter));

/** As in the specification of SHA-crypt and as libc answers it; its default is the 5,000 rounds of MySQL. */
test('MySQL’s digest is SHA-crypt as published', () => {
  assert.equal(
    cachingSha2Digest('Hello world!', bytesOf('saltstring')),
    '$A$005$saltstring5B8vYYiY.CVt1RlTTf8KbXBH3hsxY/GNooZaBBGWEc5',
  );
});

test('a password longer than a digest, and a salt longer than MySQL takes, have one of the form that MySQL reads', () => {
  const digest = cachingSha2Digest('x'.repeat(43), Buffer.alloc(32, 7));
  assert.match(digest, /^\$A\$005\$[./0-9A-Za-z]{63}$/);
});

test('MariaDB’s digest is SHA-1 of SHA-1, as PASSWORD() answers it', () => {
  assert.equal(nativeDigest('secret'), '*14E65567ABDB5135D0CFD9A70B3032C179A49EE7');
});

/** Derived from the exchange in RFC 7677, section 3: its client proof and server signature fit these keys. */
test('PostgreSQL’s verifier is that of RFC 5803', () => {
  const verifier = scramVerifier('pencil', Buffer.from('W22ZaJ0SNY7soEsUEjb6gQ==', 'base64'));
  assert.equal(
    verifier,
    'SCRAM-SHA-256$4096:W22ZaJ0SNY7soEsUEjb6gQ==$WG5d8oPm3OtcPnkdi4Uo7BkeZkBFzpcXkuLmtbsT4qY=:wfPLwcE6nTWhTAmQ7tl2KeoiWGPlZqQxSrmfPwDl2dU=',
  );
});

test('no verifier is made of a password that PostgreSQL would write otherwise first', () => {
  for (const password of ['', 'two words', 'pä', 'a\n'])
    assert.throws(() => scramVerifier(password, Buffer.alloc(16)), TypeError);
});
