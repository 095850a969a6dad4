import { type Clock, DependencyUnavailable } from '../app/ports.ts';
import { JWKS_COOLDOWN_SECONDS, JWKS_REFRESH_SECONDS, JWKS_TTL_SECONDS, SECOND_MS } from '../core/limits.ts';
import type { EpochMs } from '../core/time.ts';
import type { KeySet, SigningKey } from './key-set.ts';

/** The key with that id in that issuer's set, or undefined when the issuer has none. Throws `DependencyUnavailable`. */
export type FindKey = (jwksUri: string, keyId: string) => Promise<SigningKey | undefined>;

export interface IssuerKeysDeps {
  readonly fetchKeySet: (uri: string) => Promise<KeySet>;
  readonly clock: Clock;
}

/** What is known of one issuer. Times are taken before the question was sent, so that an age is never understated. */
interface Held {
  readonly keys: KeySet | undefined;
  readonly readAt: EpochMs;
  readonly askedAt: EpochMs;
  /** Why the last look failed; undefined when it succeeded. */
  readonly error: unknown;
}

/**
 * Issuers' keys, kept for a while. `aws-jwt-verify` looks again only for an unknown key id, so that a key which its
 * issuer has withdrawn would stay trusted for the life of the container; here a set that could not be read again
 * within `JWKS_TTL_SECONDS` is trusted no more.
 *
 * A token with a made-up key id costs its issuer at most one question in `JWKS_COOLDOWN_SECONDS`. Each of these
 * brings the whole current set, so that a flood delays a genuine rotation by no more than that.
 */
export const createIssuerKeys = ({ fetchKeySet, clock }: IssuerKeysDeps): FindKey => {
  const held = new Map<string, Held>();
  const asking = new Map<string, Promise<Held>>();

  const ask = async (uri: string): Promise<Held> => {
    const askedAt = clock();
    const before = held.get(uri) ?? NOTHING;
    const now = await fetchKeySet(uri).then(
      (keys): Held => ({ keys, readAt: askedAt, askedAt, error: undefined }),
      (error: unknown): Held => ({ ...before, askedAt, error: error ?? new Error('no answer') }),
    );
    held.set(uri, now);
    asking.delete(uri);
    return now;
  };

  /** Those who come while a question is out wait for its answer. */
  const askOnce = (uri: string): Promise<Held> => {
    const question = asking.get(uri) ?? ask(uri);
    asking.set(uri, question);
    return question;
  };

  return async (uri, keyId) => {
    let current = held.get(uri) ?? NOTHING;
    if (isWorthAsking(current, keyId, clock())) current = await askOnce(uri);
    if (!isYounger(current.readAt, clock(), JWKS_TTL_SECONDS)) throw unavailable(current);
    const key = current.keys?.get(keyId);
    if (key === undefined && current.error !== undefined) throw unavailable(current);
    return key;
  };
};

const NOTHING: Held = { keys: undefined, readAt: -Infinity, askedAt: -Infinity, error: undefined };

const isWorthAsking = ({ keys, readAt, askedAt }: Held, keyId: string, now: EpochMs): boolean => {
  const isKnown = keys?.has(keyId) === true && isYounger(readAt, now, JWKS_REFRESH_SECONDS);
  return !isKnown && !isYounger(askedAt, now, JWKS_COOLDOWN_SECONDS);
};

/** A clock that was set back makes a set old, not young. */
const isYounger = (since: EpochMs, now: EpochMs, seconds: number): boolean =>
  now >= since && now - since < seconds * SECOND_MS;

const unavailable = ({ error }: Held): DependencyUnavailable =>
  new DependencyUnavailable("an issuer's keys", error);
