import type { Person } from '../core/approval/approval.ts';
import type { PrincipalEntry } from '../core/config/issuer.ts';
import { groupsToday, listedEntry } from '../core/identity/listed-entry.ts';
import { DECISION_SIGN_IN_MAX_AGE_SECONDS, EXPIRY_TOLERANCE_MS, SECOND_MS } from '../core/limits.ts';
import type { EpochMs } from '../core/time.ts';
import type { Caller } from './caller.ts';

/** A person in front of the console, or behind a message. `authenticatedAt`: when they last showed who they are. */
export interface Visitor extends Caller {
  readonly authenticatedAt: EpochMs;
}

/**
 * Undefined for whoever is no person, or whose groups nobody knows: neither is ever asked. A sign-in is older than the
 * file: groups that `principals.yaml` gave then and does not give now are gone, and so is whoever was taken out of it.
 */
export const personOf = (
  { principal }: Pick<Visitor, 'principal'>,
  principals: readonly PrincipalEntry[],
): Person | undefined => {
  const { issuer, subject, name, type, groups: known, entryGroups: givenThen } = principal;
  if (type !== 'human' || !principal.listed || !known.known) return undefined;
  const groups = groupsToday({ principal, groups: known.names, entryGroups: givenThen }, principals);
  const entryGroups = listedEntry(principal, principals)?.groups;
  return groups && { issuer, subject, name, type, groups, entryGroups };
};

/** Written so that a time that is no number, or lies ahead, is no sign-in at all. */
export const hasSignedInLately = (
  { authenticatedAt }: Pick<Visitor, 'authenticatedAt'>,
  now: EpochMs,
): boolean => {
  const ageMs = now - authenticatedAt;
  return ageMs >= -EXPIRY_TOLERANCE_MS && ageMs <= DECISION_SIGN_IN_MAX_AGE_SECONDS * SECOND_MS;
};
