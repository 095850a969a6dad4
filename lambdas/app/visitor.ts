import type { Person } from '../core/approval/approval.ts';
import type { PrincipalEntry } from '../core/config/issuer.ts';
import { listedEntry } from '../core/identity/listed-entry.ts';
import type { EpochMs } from '../core/time.ts';
import type { Caller } from './caller.ts';

/** A person in front of the console, or behind a message. `authenticatedAt`: when they last showed who they are. */
export interface Visitor extends Caller {
  readonly authenticatedAt: EpochMs;
}

/** Undefined for whoever is no person, or whose groups nobody knows: neither is ever asked. */
export const personOf = (
  { principal }: Pick<Visitor, 'principal'>,
  principals: readonly PrincipalEntry[],
): Person | undefined => {
  const { issuer, subject, name, type, groups } = principal;
  if (type !== 'human' || !principal.listed || !groups.known) return undefined;
  const entryGroups = listedEntry(principal, principals)?.groups;
  return { issuer, subject, name, type, groups: groups.names, entryGroups };
};
