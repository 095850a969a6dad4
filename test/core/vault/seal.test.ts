import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import * as fc from 'fast-check';
import { payloadPath } from '../../../lambdas/core/vault/payload-path.ts';
import {
  deriveVaultKeys,
  SEAL_OVERHEAD_BYTES,
  SealBroken,
  seal,
  sealedHash,
  unseal,
  vaultMac,
} from '../../../lambdas/core/vault/seal.ts';

const TASK = 't_k3v9q2m7xw4b8r1nd6hz';
const OTHER_TASK = 't_00000000000000000000';
const DATA_KEY = new Uint8Array(32).fill(7);
const KEYS = deriveVaultKeys(DATA_KEY);
const NONCE = new Uint8Array(12).fill(1);
const PATH = payloadPath(TASK, 'statement.r_1');
const CONTENT = 'SELECT name FROM customers WHERE ssn = ’078-05-1120’';
const SEALED = seal(KEYS, { path: PATH, nonce: NONCE }, CONTENT);

const refused = (change: () => unknown) => assert.throws(change, SealBroken);

describe('what is sealed', () => {
  test('comes back as it was, whatever text it is', () => {
    const text = fc.string({ unit: 'grapheme', maxLength: 2_000 });
    const nonces = fc.uint8Array({ minLength: 12, maxLength: 12 });
    fc.assert(
      fc.property(text, nonces, (content, nonce) => {
        const sealed = seal(KEYS, { path: PATH, nonce }, content);
        assert.equal(sealed.length, Buffer.byteLength(content) + SEAL_OVERHEAD_BYTES);
        assert.equal(unseal(KEYS, PATH, sealed), content);
      }),
    );
  });

  test('shows nothing of what it holds', () => {
    assert.ok(!Buffer.from(SEALED).includes('078-05-1120'));
    assert.ok(!Buffer.from(SEALED).includes(Buffer.from(DATA_KEY)));
  });

  test('does not open when any one bit is another', () => {
    for (let bit = 0; bit < SEALED.length * 8; bit += 1) {
      const changed = Uint8Array.from(SEALED);
      changed[bit >> 3] = (changed[bit >> 3] ?? 0) ^ (1 << (bit & 7));
      refused(() => unseal(KEYS, PATH, changed));
    }
  });

  test('does not open when it is cut or made longer anywhere', () => {
    for (let length = 0; length < SEALED.length; length += 1)
      refused(() => unseal(KEYS, PATH, SEALED.subarray(0, length)));
    refused(() => unseal(KEYS, PATH, Buffer.concat([SEALED, Buffer.of(0)])));
  });

  test('does not open under another task or another name', () => {
    for (const path of [payloadPath(OTHER_TASK, 'statement.r_1'), payloadPath(TASK, 'statement.r_2')])
      refused(() => unseal(KEYS, path, SEALED));
  });

  test('does not open with another key, nor with one for another purpose', () => {
    refused(() => unseal(deriveVaultKeys(new Uint8Array(32).fill(8)), PATH, SEALED));
    refused(() => unseal({ ...KEYS, seal: KEYS.mask }, PATH, SEALED));
    refused(() => unseal({ ...KEYS, seal: DATA_KEY }, PATH, SEALED));
  });

  test('says in its error nothing of key or content', () => {
    const changed = Uint8Array.from(SEALED).fill(0, 13, 14);
    assert.throws(
      () => unseal(KEYS, PATH, changed),
      (error: Error) => error.cause === undefined && error.message === 'the seal does not hold',
    );
  });

  test('has a form that stays readable: a stored seal of this version still opens', () => {
    const stored = Buffer.from('AQEBAQEBAQEBAQEBAX4L7fD/Vdm2qQ67/S4iuFnz', 'base64');
    assert.equal(unseal(KEYS, PATH, stored), 'x');
    assert.match(sealedHash(stored), /^[0-9a-f]{64}$/);
  });

  test('is refused before it is made from text that would not come back', () => {
    assert.throws(() => seal(KEYS, { path: PATH, nonce: NONCE }, '\ud800'), TypeError);
    assert.throws(() => seal(KEYS, { path: PATH, nonce: NONCE.subarray(1) }, 'x'), TypeError);
    assert.throws(() => deriveVaultKeys(DATA_KEY.subarray(1)), TypeError);
  });
});

describe('a keyed hash', () => {
  test('is the same for the same text in one task, and for nothing else', () => {
    const other = deriveVaultKeys(new Uint8Array(32).fill(8));
    const hashes = [
      vaultMac(KEYS, 'literal', '078-05-1120'),
      vaultMac(KEYS, 'literal', '078-05-1121'),
      vaultMac(KEYS, 'mask', '078-05-1120'),
      vaultMac(other, 'literal', '078-05-1120'),
    ];
    assert.equal(new Set(hashes).size, hashes.length);
    assert.equal(vaultMac(KEYS, 'literal', '078-05-1120'), hashes[0]);
  });
});

describe('a payload’s path', () => {
  test('is its task and its name', () => assert.equal(PATH, `${TASK}/statement.r_1`));

  for (const [task, name] of [
    [TASK, `../${OTHER_TASK}/x`],
    [TASK, 'a/b'],
    [TASK, ''],
    [TASK, '.x'],
    [TASK, 'x'.repeat(129)],
    [TASK, 'x\n'],
    [`${TASK}/`, 'x'],
    ['t_short', 'x'],
    ['', 'x'],
  ] as const)
    test(`is refused for ${JSON.stringify([task, name]).slice(0, 60)}`, () => {
      assert.throws(() => payloadPath(task, name), TypeError);
    });
});
