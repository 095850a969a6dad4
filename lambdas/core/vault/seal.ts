import { createCipheriv, createDecipheriv, createHash, createHmac, hkdfSync } from 'node:crypto';
import { SEAL_NONCE_BYTES, VAULT_KEY_BYTES } from '../limits.ts';

/** What is derived from a task's one stored key. A key for one purpose says nothing about another's. */
export type VaultPurpose = 'seal' | 'literal' | 'mask' | 'approval';
export type VaultKeys = Readonly<Record<VaultPurpose, Uint8Array>>;

/** The first byte of everything sealed: how the rest is read. It is authenticated with the name. */
const VERSION = 1;
const TAG_BYTES = 16;
const HEADER_BYTES = 1 + SEAL_NONCE_BYTES;

/** Bytes that a seal adds to what it seals. */
export const SEAL_OVERHEAD_BYTES = HEADER_BYTES + TAG_BYTES;

/** Stored bytes are not what was sealed under this key and this name. Says nothing of either. */
export class SealBroken extends Error {
  override readonly name = 'SealBroken';
}

/** HKDF-SHA256 (RFC 5869) without salt: the stored key is random, so there is nothing to extract it from. */
export const deriveVaultKeys = (dataKey: Uint8Array): VaultKeys => {
  if (dataKey.length !== VAULT_KEY_BYTES) throw new TypeError('the key of a vault has another length');
  return {
    seal: subKey(dataKey, 'seal'),
    literal: subKey(dataKey, 'literal'),
    mask: subKey(dataKey, 'mask'),
    approval: subKey(dataKey, 'approval'),
  };
};

const subKey = (dataKey: Uint8Array, purpose: VaultPurpose): Uint8Array =>
  new Uint8Array(hkdfSync('sha256', dataKey, '', `latchkey vault 1 ${purpose}`, VAULT_KEY_BYTES));

/**
 * AES-256-GCM: version (1 byte), nonce (12), ciphertext, tag (16). `path` is `task/name`; sealed bytes open under no
 * other, wherever they are copied to. The nonce must be random for each call: a repeated one breaks the key.
 */
export const seal = (
  { seal: key }: VaultKeys,
  { path, nonce }: { readonly path: string; readonly nonce: Uint8Array },
  content: string,
): Uint8Array => {
  if (nonce.length !== SEAL_NONCE_BYTES) throw new TypeError('a nonce has another length');
  // Otherwise what comes back would differ from what went in.
  if (!content.isWellFormed()) throw new TypeError('what is sealed must be well-formed text');
  const cipher = createCipheriv('aes-256-gcm', key, nonce).setAAD(authenticated(path));
  const sealed = [cipher.update(content, 'utf8'), cipher.final()];
  return Buffer.concat([Buffer.of(VERSION), nonce, ...sealed, cipher.getAuthTag()]);
};

/** Throws `SealBroken` on anything that `seal` has not made under this key and path. */
export const unseal = ({ seal: key }: VaultKeys, path: string, sealed: Uint8Array): string => {
  if (sealed.length < SEAL_OVERHEAD_BYTES || sealed[0] !== VERSION) throw new SealBroken('not a seal');
  const nonce = sealed.subarray(1, HEADER_BYTES);
  const end = sealed.length - TAG_BYTES;
  try {
    const decipher = createDecipheriv('aes-256-gcm', key, nonce, { authTagLength: TAG_BYTES })
      .setAAD(authenticated(path))
      .setAuthTag(sealed.subarray(end));
    const content = [decipher.update(sealed.subarray(HEADER_BYTES, end)), decipher.final()];
    return Buffer.concat(content).toString('utf8');
  } catch {
    throw new SealBroken('the seal does not hold');
  }
};

const authenticated = (path: string): Buffer => Buffer.concat([Buffer.of(VERSION), Buffer.from(path)]);

/** SHA-256 (hex) of sealed bytes: what the trail holds of them. It stays when the key is destroyed. */
export const sealedHash = (sealed: Uint8Array): string => createHash('sha256').update(sealed).digest('hex');

/** HMAC-SHA256 (hex): equal texts of one task are equal, and of two tasks are not. */
export const vaultMac = (keys: VaultKeys, purpose: Exclude<VaultPurpose, 'seal'>, text: string): string =>
  createHmac('sha256', keys[purpose]).update(text).digest('hex');
