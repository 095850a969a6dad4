import type { Resource } from '../core/config/resource.ts';
import { fail, ok, type Result } from '../core/result.ts';
import { SSH_PUBLIC_KEY_MAX_CHARACTERS } from '../core/ssh/limits.ts';
import { type KeyMistake, parsePublicKey, type SshPublicKey } from '../core/ssh/public-key.ts';
import type { EpochMs } from '../core/time.ts';
import type { KeyHolder } from './ports.ts';

/** What a caller sent for a public key, read once. Undefined: nothing. */
export type BroughtKey = Result<SshPublicKey, KeyMistake> | undefined;

export const readKey = (given: string | undefined): BroughtKey => {
  if (given === undefined) return undefined;
  return parsePublicKey(given.slice(0, SSH_PUBLIC_KEY_MAX_CHARACTERS + 1));
};

/** Under which name the table says whose it is. */
export const holdOf = (brought: BroughtKey): string | undefined =>
  brought?.ok ? brought.value.fingerprint : undefined;

const atKey = (detail: string) =>
  fail({ code: 'invalid_request', errors: [{ pointer: '/publicKey', detail }] } as const);

/**
 * The key that this credential lets in. A key belongs to one grant: sessions are ended by their key, so that the end of one grant
 * would reach into another, and a key that one machine was told to refuse would be no use to the next.
 */
export const checkKey = (
  brought: BroughtKey,
  {
    resource,
    grantId,
    holder,
    now,
  }: {
    readonly resource: Resource;
    readonly grantId: string;
    readonly holder: KeyHolder | undefined;
    readonly now: EpochMs;
  },
): Result<SshPublicKey | undefined> => {
  if (resource.kind !== 'ssh')
    return brought === undefined ? ok(undefined) : atKey('is not known here: access is not by key');
  if (brought === undefined)
    return atKey('is missing: make a key pair for this grant and send the public half');
  if (!brought.ok) return atKey(brought.failure);
  if (holder && holder.grant !== grantId && holder.until > now) return fail({ code: 'key_taken' });
  return brought;
};
