import assert from 'node:assert/strict';
import { generateKeyPairSync, type KeyObject } from 'node:crypto';
import { describe, test } from 'node:test';
import * as fc from 'fast-check';
import ssh2 from 'ssh2';
import { newSshKeyPair } from '../../../examples/targets/ssh-key-pair.ts';
import { parsePublicKey } from '../../../lambdas/core/ssh/public-key.ts';

const field = (bytes: Uint8Array | string): Buffer => {
  const content = Buffer.from(bytes);
  const length = Buffer.alloc(4);
  length.writeUInt32BE(content.length);
  return Buffer.concat([length, content]);
};
const line = (type: string, ...fields: (Uint8Array | string)[]): string =>
  `${type} ${Buffer.concat([field(type), ...fields.map(field)]).toString('base64')}`;

const rsaNumbers = (bits: number): { n: Buffer; e: Buffer } => {
  const { n = '', e = '' } = generateKeyPairSync('rsa', { modulusLength: bits }).publicKey.export({
    format: 'jwk',
  });
  return { n: Buffer.from(n, 'base64url'), e: Buffer.from(e, 'base64url') };
};
/** As RFC 4251 wants it: a zero in front where the number would look negative. */
const mpint = (bytes: Buffer): Buffer =>
  (bytes[0] ?? 0) >= 0x80 ? Buffer.concat([Buffer.alloc(1), bytes]) : bytes;

const POINT = Buffer.alloc(32, 7);
const ED25519 = line('ssh-ed25519', POINT);
const { n, e } = rsaNumbers(2_048);
const RSA = line('ssh-rsa', e, mpint(n));
/** Of a length that base64 has to pad: it ends in `8=`. */
const PADDED = line('ssh-rsa', e, mpint(Buffer.alloc(384, 0xff)));

const accepted = (text: string) => {
  const parsed = parsePublicKey(text);
  assert.ok(parsed.ok, text);
  return parsed.value;
};
const isRefused = (text: string) => !parsePublicKey(text).ok;

describe('a key that is taken', () => {
  test('is written anew without its comment', () => {
    for (const key of [ED25519, RSA])
      for (const comment of ['', ' ', ' alice@laptop', ' ünïcode @ home', ` ${'c'.repeat(100)}`])
        assert.equal(accepted(key + comment).line, key);
  });

  test('is read as another implementation reads it, and printed with the fingerprint of OpenSSH', () => {
    // `ssh-keygen -l` of this line says so.
    const known = 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIEbhwCDj+qOKGCTyIR5nCJz8oDd7DDY7CvjNbHBpmgBW';
    assert.equal(accepted(known).fingerprint, 'SHA256:U1q5kPkc5K/dHpUdefwb5hyGI9AlJojfoykUyuH7jAM');
    const made = ssh2.utils.generateKeyPairSync('rsa', { bits: 2_048 });
    for (const line of [made.public, newSshKeyPair().publicKey]) {
      const theirs = ssh2.utils.parseKey(line);
      assert.ok(!(theirs instanceof Error) && !Array.isArray(theirs));
      assert.equal(accepted(line).line, `${theirs.type} ${theirs.getPublicSSH().toString('base64')}`);
    }
  });

  test('may have a modulus of 2,048 to 8,192 bits', () => {
    const ofBits = (bits: number) => {
      const modulus = Buffer.alloc(bits / 8, 0xff);
      return line('ssh-rsa', e, mpint(modulus));
    };
    for (const bits of [2_048, 3_072, 4_096, 8_192]) accepted(ofBits(bits));
    for (const bits of [512, 1_024, 2_040, 8_200, 16_384]) assert.ok(isRefused(ofBits(bits)), String(bits));
  });
});

/** What would be more than a key in a file of sshd, or another key there than here. */
const ATTACKS: Readonly<Record<string, string>> = {
  'a second line': `${ED25519}\n${RSA}`,
  'a line break at the end': `${ED25519}\n`,
  'a carriage return': `${ED25519}\r`,
  'a second key behind a carriage return': `${ED25519}\r${RSA}`,
  'a line break in the comment': `${ED25519} me\nssh-rsa AAAA`,
  'a line separator in the comment': `${ED25519} me\u2028${RSA}`,
  'a next-line character in the comment': `${ED25519} me\u0085${RSA}`,
  'a zero byte': `${ED25519}\0`,
  'a zero byte in the comment': `${ED25519} me\0you`,
  'an escape in the comment': `${ED25519} \u001b[2K`,
  'text that runs backwards in the comment': `${ED25519} \u202eresu`,
  'a comment that is no comment': `${ED25519} ${'c'.repeat(101)}`,
  options: `command="/bin/sh" ${ED25519}`,
  'an option that opens the machine to others': `cert-authority ${ED25519}`,
  'an option that brings its own environment': `environment="LD_PRELOAD=/tmp/x" ${ED25519}`,
  'a space in front': ` ${ED25519}`,
  'two spaces': ED25519.replace(' ', '  '),
  'a tab for the space': ED25519.replace(' ', '\t'),
  'no space': ED25519.replace(' ', ''),
  'a comment line': `# ${ED25519}`,
  'a private key': '-----BEGIN OPENSSH PRIVATE KEY-----',
  nothing: '',
  'a type alone': 'ssh-ed25519',
  'a type in capitals': ED25519.replace('ssh-ed25519', 'SSH-ED25519'),
  'a certificate': line('ssh-ed25519-cert-v01@openssh.com', Buffer.alloc(32), POINT),
  'a certificate under the name of a key': `ssh-ed25519 ${line('ssh-ed25519-cert-v01@openssh.com', Buffer.alloc(32), POINT).split(' ')[1]}`,
  'a key of a security token': line('sk-ssh-ed25519@openssh.com', POINT, 'ssh:'),
  'a key of an elliptic curve of NIST': line('ecdsa-sha2-nistp256', 'nistp256', Buffer.alloc(65, 4)),
  'a DSA key': line(
    'ssh-dss',
    Buffer.alloc(128, 1),
    Buffer.alloc(20, 1),
    Buffer.alloc(128, 1),
    Buffer.alloc(128, 1),
  ),
  'a name of RSA that is one of signatures': line('rsa-sha2-512', e, mpint(n)),
  'an RSA key under another name': `ssh-ed25519 ${RSA.split(' ')[1]}`,
  'an Ed25519 key under another name': `ssh-rsa ${ED25519.split(' ')[1]}`,
  'bytes behind the key': line('ssh-ed25519', POINT, 'more'),
  'bytes behind the RSA key': line('ssh-rsa', e, mpint(n), ''),
  'a byte that no length speaks of': `ssh-ed25519 ${Buffer.concat([Buffer.from(ED25519.split(' ')[1] ?? '', 'base64'), Buffer.from([0])]).toString('base64')}`,
  'a length beyond the end': `ssh-ed25519 ${Buffer.concat([field('ssh-ed25519'), Buffer.from([255, 255, 255, 255]), POINT]).toString('base64')}`,
  'a key that is too short': line('ssh-ed25519', POINT.subarray(1)),
  'a key that is too long': line('ssh-ed25519', Buffer.alloc(33, 7)),
  'a point beyond the field': line('ssh-ed25519', Buffer.alloc(32, 0xff)),
  'a second way to write a point': line('ssh-ed25519', Buffer.from(`ee${'ff'.repeat(30)}7f`, 'hex')),
  'base64 without its padding': PADDED.replace(/=+$/, ''),
  'base64 with padding too many': `${ED25519}=`,
  'base64 for addresses': PADDED.replaceAll('/', '_'),
  'base64 with bits left over': PADDED.replace(/.=$/, '9='),
  'an exponent of 3': line('ssh-rsa', Buffer.from([3]), mpint(n)),
  'an exponent of 1': line('ssh-rsa', Buffer.from([1]), mpint(n)),
  'an even exponent': line('ssh-rsa', Buffer.from([1, 0, 2]), mpint(n)),
  'an exponent of zero': line('ssh-rsa', Buffer.alloc(0), mpint(n)),
  'a negative exponent': line('ssh-rsa', Buffer.from([0x81, 0, 1]), mpint(n)),
  'an enormous exponent': line('ssh-rsa', mpint(n), mpint(n)),
  'an even modulus': line('ssh-rsa', e, mpint(Buffer.concat([n.subarray(0, -1), Buffer.from([2])]))),
  'a negative modulus': line('ssh-rsa', e, n),
  'zeros before the modulus': line('ssh-rsa', e, Buffer.concat([Buffer.alloc(2), n])),
  'zeros before the exponent': line('ssh-rsa', Buffer.concat([Buffer.alloc(1), e]), mpint(n)),
  'a modulus of nothing': line('ssh-rsa', e, Buffer.alloc(0)),
};

describe('refused is', () => {
  for (const [name, text] of Object.entries(ATTACKS))
    test(name, () => {
      assert.notEqual(text, ED25519);
      assert.notEqual(text, RSA);
      assert.ok(isRefused(text), JSON.stringify(text));
    });

  test('a key with any one byte changed where it says how it is built', () => {
    const bytes = Buffer.from(ED25519.split(' ')[1] ?? '', 'base64');
    const head = bytes.length - POINT.length;
    for (let at = 0; at < head; at += 1) {
      const bent = Buffer.from(bytes);
      bent[at] = (bent[at] ?? 0) ^ 1;
      assert.ok(isRefused(`ssh-ed25519 ${bent.toString('base64')}`), `byte ${at}`);
    }
  });
});

describe('whatever is sent', () => {
  const anything = fc.oneof(
    fc.string({ unit: 'binary', maxLength: 200 }),
    fc
      .tuple(fc.constantFrom(ED25519, RSA), fc.nat(900), fc.string({ unit: 'binary', maxLength: 3 }))
      .map(([key, at, text]) => key.slice(0, at) + text + key.slice(at)),
    fc
      .tuple(fc.constantFrom(ED25519, RSA), fc.nat(900), fc.nat(900))
      .map(([key, from, to]) => key.slice(0, from) + key.slice(to)),
    fc
      .array(fc.uint8Array({ maxLength: 40 }), { maxLength: 4 })
      .map((fields) => line('ssh-ed25519', ...fields)),
    fc.array(fc.uint8Array({ maxLength: 260 }), { maxLength: 3 }).map((fields) => line('ssh-rsa', ...fields)),
  );

  test('comes out as one line of a type, a space and canonical base64, or not at all', () => {
    fc.assert(
      fc.property(anything, (text) => {
        const parsed = parsePublicKey(text);
        if (!parsed.ok) return;
        const { line: written, fingerprint, type } = parsed.value;
        const [name, encoded = '', ...others] = written.split(' ');
        assert.deepEqual([name, others], [type, []]);
        assert.equal(Buffer.from(encoded, 'base64').toString('base64'), encoded);
        assert.match(fingerprint, /^SHA256:[A-Za-z0-9+/]{43}$/);
        assert.ok(text.startsWith(written));
        // What was written is read as the same key again.
        assert.deepEqual(parsePublicKey(written), parsed);
      }),
      { numRuns: 2_000 },
    );
  });

  test('every key that Node makes is taken', () => {
    const sshOf = (key: KeyObject): string => {
      const jwk = key.export({ format: 'jwk' });
      return jwk.kty === 'OKP'
        ? line('ssh-ed25519', Buffer.from(jwk.x ?? '', 'base64url'))
        : line(
            'ssh-rsa',
            mpint(Buffer.from(jwk.e ?? '', 'base64url')),
            mpint(Buffer.from(jwk.n ?? '', 'base64url')),
          );
    };
    for (let made = 0; made < 200; made += 1) accepted(sshOf(generateKeyPairSync('ed25519').publicKey));
    accepted(sshOf(generateKeyPairSync('rsa', { modulusLength: 3_072 }).publicKey));
  });
});
