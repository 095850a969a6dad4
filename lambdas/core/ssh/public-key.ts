import { createHash } from 'node:crypto';
import { RSA_MODULUS_MAX_BITS, RSA_MODULUS_MIN_BITS } from '../limits.ts';
import { fail, ok, type Result } from '../result.ts';
import { SSH_COMMENT_MAX_CHARACTERS } from './limits.ts';

/** A public key as we write it: nothing of what a caller sent is kept but the numbers of the key. */
export interface SshPublicKey {
  readonly type: 'ssh-ed25519' | 'ssh-rsa';
  /** `ssh-ed25519 AAAA…`: one line without options and comment. */
  readonly line: string;
  /** `SHA256:…`, as OpenSSH logs it. */
  readonly fingerprint: string;
}

/** Why a text is not taken for a key, in words for whoever sent it. */
export type KeyMistake = (typeof MISTAKES)[keyof typeof MISTAKES];

const MISTAKES = {
  form: 'must be one line: `ssh-ed25519` or `ssh-rsa`, a space, and the key in base64, without options or a line break',
  encoding: 'is not the base64 of one public key',
  modulus: `must have a modulus of ${RSA_MODULUS_MIN_BITS} to ${RSA_MODULUS_MAX_BITS} bits`,
  exponent: 'must have an odd exponent of at least 65537',
} as const;

/** Certificates, keys of security tokens and older algorithms have other names, and options stand before the name. */
const LINE = new RegExp(
  `^(ssh-ed25519|ssh-rsa) ([A-Za-z0-9+/]+={0,2})(?: [^\\p{C}\\p{Zl}\\p{Zp}]{0,${SSH_COMMENT_MAX_CHARACTERS}})?$`,
  'u',
);

/**
 * Reads a line of `authorized_keys` or `known_hosts` that is nothing but a key, and writes it anew. Whatever sshd could
 * read otherwise than we do is refused: it goes into a file that says who is let in.
 */
export const parsePublicKey = (given: string): Result<SshPublicKey, KeyMistake> => {
  const [, type, encoded = ''] = LINE.exec(given) ?? [];
  if (type !== 'ssh-ed25519' && type !== 'ssh-rsa') return fail(MISTAKES.form);
  const bytes = Buffer.from(encoded, 'base64');
  if (bytes.toString('base64') !== encoded) return fail(MISTAKES.encoding);
  const [name, ...numbers] = fieldsOf(bytes);
  if (name?.toString('latin1') !== type) return fail(MISTAKES.encoding);
  const mistake = type === 'ssh-ed25519' ? mistakeOfEd25519(numbers) : mistakeOfRsa(numbers);
  if (mistake) return fail(mistake);
  return ok({ type, line: `${type} ${encoded}`, fingerprint: fingerprintOf(bytes) });
};

/** RFC 4251 strings, end to end. Nothing at all where a length does not fit what is there. */
const fieldsOf = (bytes: Buffer): readonly Buffer[] => {
  const fields: Buffer[] = [];
  for (let at = 0; at < bytes.length; ) {
    if (at + LENGTH_BYTES > bytes.length) return [];
    const end = at + LENGTH_BYTES + bytes.readUInt32BE(at);
    if (end > bytes.length) return [];
    fields.push(bytes.subarray(at + LENGTH_BYTES, end));
    at = end;
  }
  return fields;
};

const LENGTH_BYTES = 4;
const ED25519_BYTES = 32;
/** The prime of the field, 2^255 - 19: a coordinate of it or more would be a second way to write a smaller one. */
const ED25519_PRIME = 2n ** 255n - 19n;

const mistakeOfEd25519 = ([point, ...others]: readonly Buffer[]): KeyMistake | undefined => {
  if (point?.length !== ED25519_BYTES || others.length > 0) return MISTAKES.encoding;
  const coordinate = BigInt.asUintN(255, BigInt(`0x${Buffer.from(point).reverse().toString('hex')}`));
  return coordinate < ED25519_PRIME ? undefined : MISTAKES.encoding;
};

const EXPONENT_MIN = 65_537n;
/** What OpenSSL checks signatures of large keys with. */
const EXPONENT_MAX = 2n ** 64n;

const mistakeOfRsa = ([e, n, ...others]: readonly Buffer[]): KeyMistake | undefined => {
  const [exponent, modulus] = [positiveOf(e), positiveOf(n)];
  if (exponent === undefined || modulus === undefined || others.length > 0) return MISTAKES.encoding;
  if (exponent % 2n === 0n || exponent < EXPONENT_MIN || exponent >= EXPONENT_MAX) return MISTAKES.exponent;
  const bits = modulus.toString(2).length;
  const isFit = modulus % 2n === 1n && bits >= RSA_MODULUS_MIN_BITS && bits <= RSA_MODULUS_MAX_BITS;
  return isFit ? undefined : MISTAKES.modulus;
};

/** An RFC 4251 mpint, in the one form that has no byte too many. Undefined for zero, for a negative number, and for any other form. */
const positiveOf = (field: Buffer | undefined): bigint | undefined => {
  const [first, second = 0] = field ?? [];
  if (field === undefined || first === undefined || first >= 0x80) return undefined;
  if (first === 0 && second < 0x80) return undefined;
  return BigInt(`0x${field.toString('hex')}`);
};

const fingerprintOf = (bytes: Buffer): string =>
  `SHA256:${createHash('sha256').update(bytes).digest('base64').replace(/=+$/, '')}`;
