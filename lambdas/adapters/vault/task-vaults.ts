import type { Clock, RandomBytes, TaskVault, Vaults } from '../../app/ports.ts';
import { DependencyUnavailable } from '../../app/ports.ts';
import { PAYLOAD_MAX_BYTES, SEAL_NONCE_BYTES, SECOND_MS, VAULT_KEY_BYTES } from '../../core/limits.ts';
import { payloadFolder, payloadPath } from '../../core/vault/payload-path.ts';
import {
  deriveVaultKeys,
  SealBroken,
  seal,
  sealedHash,
  unseal,
  type VaultKeys,
  vaultMac,
} from '../../core/vault/seal.ts';
import { type KeyItem, purgeAtOf } from './key-item.ts';
import type { KeyStore } from './key-store.ts';
import type { PayloadObjects, PayloadTag } from './payload-objects.ts';

export interface VaultParts {
  readonly keys: KeyStore;
  readonly objects: PayloadObjects;
  /** How long what is kept of a task is readable, counted from the task's longest life. */
  readonly retentionDays: number;
  readonly clock: Clock;
  readonly random: RandomBytes;
}

/** Somebody wants to keep something of a task whose key was destroyed, or is past its retention: such a task is long over. */
export class VaultClosed extends Error {
  override readonly name = 'VaultClosed';
}

/** The port `Vaults`: one read of the task's key opens what is kept of it. Nothing of a key outlives the vault object. */
export const taskVaults = (parts: VaultParts): Vaults => ({
  async open(task) {
    payloadFolder(task);
    const item = (await parts.keys.read(task)) ?? (await createKey(parts, task));
    const opened = openWith(parts, task, item);
    if (!opened) throw new VaultClosed('the vault of this task is closed for good');
    return opened;
  },
  async find(task) {
    payloadFolder(task);
    const item = await parts.keys.read(task);
    return item && openWith(parts, task, item);
  },
});

/** Whoever loses the race reads the winner's key: two keys for one task would leave one half unreadable. */
const createKey = async (parts: VaultParts, task: string): Promise<KeyItem> => {
  const createdAt = parts.clock();
  const made = {
    state: 'kept',
    key: parts.random(VAULT_KEY_BYTES),
    createdAt,
    purgeAt: purgeAtOf(createdAt, parts.retentionDays),
  } as const;
  if (await parts.keys.create(task, made)) return made;
  const winner = await parts.keys.read(task);
  if (!winner) throw new DependencyUnavailable('vault', new Error('a key was there and is not'));
  return winner;
};

/** Deletion by TTL may lag for days, so the age of a key is looked at and not assumed. */
const openWith = (parts: VaultParts, task: string, item: KeyItem): TaskVault | undefined => {
  if (item.state === 'erased') return undefined;
  if (item.state === 'kept' && item.purgeAt * SECOND_MS <= parts.clock()) return undefined;
  return vaultOf(parts, { task, tag: item.state, keys: deriveVaultKeys(item.key) });
};

interface Opened {
  readonly task: string;
  readonly tag: PayloadTag;
  readonly keys: VaultKeys;
}

const vaultOf = ({ objects, random }: VaultParts, { task, tag, keys }: Opened): TaskVault => ({
  async put(name, content) {
    const path = payloadPath(task, name);
    if (Buffer.byteLength(content) > PAYLOAD_MAX_BYTES) throw new TypeError('a payload is too large');
    const sealed = seal(keys, { path, nonce: random(SEAL_NONCE_BYTES) }, content);
    if (await objects.put(path, sealed, tag)) return { sealedHash: sealedHash(sealed) };
    return { sealedHash: await hashOfSame({ objects, keys, path }, content) };
  },
  async get(name, hash) {
    const path = payloadPath(task, name);
    const sealed = await objects.get(path);
    if (!sealed) return undefined;
    if (sealedHash(sealed) !== hash) throw new SealBroken('a payload is not what the trail says');
    return unseal(keys, path, sealed);
  },
  mac: (purpose, text) => vaultMac(keys, purpose, text),
});

/** A put may be repeated after a crash or a lost answer: the same content is taken for the same put, another is refused. */
const hashOfSame = async (
  { objects, keys, path }: { objects: PayloadObjects; keys: VaultKeys; path: string },
  content: string,
): Promise<string> => {
  const sealed = await objects.get(path);
  if (!sealed) throw new DependencyUnavailable('vault', new Error('a payload was there and is not'));
  if (unseal(keys, path, sealed) !== content) throw new TypeError('a payload of this name is kept already');
  return sealedHash(sealed);
};
