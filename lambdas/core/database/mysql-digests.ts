import { createHash } from 'node:crypto';

/**
 * What MariaDB keeps of a password, which MySQL called `mysql_native_password`: SHA-1 twice. Weak for passwords that
 * people think of; ours have 256 bits. RDS's MariaDB has nothing better that clients speak.
 */
export const nativeDigest = (password: string): string =>
  `*${sha1(sha1(Buffer.from(password)))
    .toString('hex')
    .toUpperCase()}`;

const sha1 = (bytes: Uint8Array): Buffer => createHash('sha1').update(bytes).digest();

const ROUNDS_OF_THOUSAND = 5;
const SALT_CHARACTERS = 20;
const ALPHABET = './0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';

/** What MySQL 8 keeps of a password (`caching_sha2_password`): SHA-crypt, with 5,000 rounds and a salt of 20 characters. */
export const cachingSha2Digest = (password: string, salt: Uint8Array): string => {
  const letters = Array.from(salt.subarray(0, SALT_CHARACTERS), (byte) => ALPHABET[byte & 63]).join('');
  const digest = shaCrypt(Buffer.from(password), Buffer.from(letters));
  return `$A$00${ROUNDS_OF_THOUSAND}$${letters}${digest}`;
};

/** SHA-crypt by Ulrich Drepper, the form for SHA-256, step by step as published; the numbers are those of its steps. */
const shaCrypt = (password: Buffer, salt: Buffer): string => {
  const other = sha256(password, salt, password);
  const mixed = [password, salt, ...repeated(other, password.length)];
  for (let bits = password.length; bits > 0; bits >>= 1) mixed.push(bits & 1 ? other : password);
  let digest = sha256(...mixed);
  const p = Buffer.concat(repeated(sha256(...Array(password.length).fill(password)), password.length));
  const s = Buffer.concat(repeated(sha256(...Array(16 + (digest[0] ?? 0)).fill(salt)), salt.length));
  for (let round = 0; round < ROUNDS_OF_THOUSAND * 1000; round += 1) {
    const isOdd = round % 2 === 1;
    const parts = [isOdd ? p : digest];
    if (round % 3 !== 0) parts.push(s);
    if (round % 7 !== 0) parts.push(p);
    digest = sha256(...parts, isOdd ? digest : p);
  }
  return encoded(digest);
};

const sha256 = (...parts: readonly Uint8Array[]): Buffer => {
  const hash = createHash('sha256');
  for (const part of parts) hash.update(part);
  return hash.digest();
};

/** So often that it is this long, and the rest of it. */
const repeated = (block: Buffer, length: number): Buffer[] => {
  const whole = Array<Buffer>(Math.floor(length / block.length)).fill(block);
  return [...whole, block.subarray(0, length % block.length)];
};

/** Three bytes at a time, in an order of its own, make four letters; the last two bytes make three. */
const encoded = (digest: Buffer): string => {
  const byte = (at: number): number => digest[at] ?? 0;
  let text = '';
  for (let [a, b, c] = [0, 10, 20], group = 0; group < 10; group += 1) {
    text += letters((byte(a) << 16) | (byte(b) << 8) | byte(c), 4);
    [a, b, c] = [c + 1, a + 1, b + 1];
  }
  return text + letters((byte(31) << 8) | byte(30), 3);
};

const letters = (bits: number, count: number): string =>
  Array.from({ length: count }, (_, at) => ALPHABET[(bits >> (6 * at)) & 63]).join('');
