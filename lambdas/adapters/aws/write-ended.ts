import {
  covers,
  type DeniedSessions,
  deniedBy,
  type EndedSessions,
  endedPolicy,
  readEndedPolicy,
} from '../../core/aws/ended-policy.ts';
import { ENDED_WRITE_ROUNDS_MAX, POLICY_VERSIONS_MAX_COUNT } from '../../core/limits.ts';
import type { PolicyVersion, PolicyVersions } from './policy-versions.ts';

export interface EndedParts {
  readonly versions: PolicyVersions;
  /** Whose sessions must be denied now, read consistently. */
  readonly ended: () => Promise<readonly EndedSessions[]>;
  /** Told before sessions are denied by the time of their issue, which hits those of others too. */
  readonly overflows: (denied: DeniedSessions) => Promise<void>;
  /** After a race was lost. */
  readonly backoff: (tried: number) => Promise<void>;
}

/**
 * Writes a role's deny policy anew from the table, never from what the policy says, until it denies everybody who is in the
 * table then. Answers what it denies; undefined when others were faster every time.
 *
 * Several may write at once, and each may be paused anywhere, for as long as it likes. Nobody who is denied is let in again:
 *
 * - A version is made the default only by a writer that has read the table after making it, and found everybody in it.
 * - So a version that leaves somebody out was made before they came into the table, and its number is smaller than that of
 *   any version that denies them: numbers grow and are never given twice.
 * - Whoever says that they are denied has removed every version with a smaller number. IAM's answers to that are what
 *   counts, not its lists, which may lag; and what is gone cannot be made the default.
 */
export const writeEnded = async (parts: EndedParts): Promise<DeniedSessions | undefined> => {
  for (let round = 0; round < ENDED_WRITE_ROUNDS_MAX; round += 1) {
    if (round > 0) await parts.backoff(round);
    const denied = deniedBy(await parts.ended());
    const isWritten = await writeOnce(parts, denied);
    if (isWritten && (await isEnough(parts, denied))) return denied;
  }
  return undefined;
};

const isEnough = async ({ ended }: EndedParts, denied: DeniedSessions): Promise<boolean> =>
  (await ended()).every((one) => covers(denied, one));

/** Whether this, or what came later, is what holds from now on. */
const writeOnce = async (parts: EndedParts, denied: DeniedSessions): Promise<boolean> => {
  const { versions, overflows } = parts;
  const known = await makeRoom(versions);
  const mine = await versions.create(endedPolicy(denied));
  if (mine === undefined) return false;
  // Whoever came into the table since it was read is not denied by this version, so it is never to hold.
  if (!(await isEnough(parts, denied))) {
    await versions.remove(mine);
    return false;
  }
  if (denied.issuedBefore !== undefined) await overflows(denied);
  const left = await removeAll(versions, olderThan(mine, known));
  if (!(await versions.makeDefault(mine))) return false;
  return (await removeAll(versions, left)).length === 0;
};

/** Those that are listed, and whatever was made since the default was, whether it is listed yet or not. */
const olderThan = (mine: number, known: readonly PolicyVersion[]): readonly number[] => {
  const former = known.find(({ isDefault }) => isDefault)?.number ?? mine - POLICY_VERSIONS_MAX_COUNT;
  const since = Array.from({ length: Math.max(0, mine - former) }, (_, index) => former + index);
  const listed = known.map(({ number }) => number);
  return [...new Set([...listed, ...since])].filter((number) => number > 0 && number < mine);
};

/** Answers those that are still there, because one is the default. */
const removeAll = async (
  versions: PolicyVersions,
  numbers: readonly number[],
): Promise<readonly number[]> => {
  const left: number[] = [];
  for (const number of numbers) if (!(await versions.remove(number))) left.push(number);
  return left;
};

/** What there is afterwards. The writer of what had to go, if there still is one, finds it gone and begins anew. */
const makeRoom = async (versions: PolicyVersions): Promise<readonly PolicyVersion[]> => {
  const all = await versions.list();
  if (all.length < POLICY_VERSIONS_MAX_COUNT) return all;
  const oldest = Math.min(...all.filter(({ isDefault }) => !isDefault).map(({ number }) => number));
  const isGone = await versions.remove(oldest);
  return all.filter(({ number }) => !isGone || number !== oldest);
};

export interface Found {
  /** What the version that holds denies; undefined when it is not one of ours. */
  readonly denied: DeniedSessions | undefined;
  /** An older one is left behind, by a writer that is under way, was paused or was ended. */
  readonly isCluttered: boolean;
}

/** What stands in a role's deny policy, whoever wrote it. */
export const readDenied = async (versions: PolicyVersions): Promise<Found> => {
  const all = await versions.list();
  const current = all.find(({ isDefault }) => isDefault)?.number ?? 0;
  const document = await versions.read(current);
  return {
    denied: document === undefined ? undefined : readEndedPolicy(document),
    isCluttered: all.some(({ number }) => number < current),
  };
};
