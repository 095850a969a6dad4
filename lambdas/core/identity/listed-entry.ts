import type { PrincipalEntry } from '../config/issuer.ts';
import type { PrincipalId, PrincipalType } from './principal.ts';

type Known = PrincipalId & { readonly type: PrincipalType; readonly name: string };

/** The entry of `principals.yaml` that a caller is known by, as far as what is kept of the caller can tell. */
export const listedEntry = (
  { issuer, subject, type, name }: Known,
  entries: readonly PrincipalEntry[],
): PrincipalEntry | undefined =>
  entries.find(
    (entry) =>
      entry.name === name &&
      entry.type === type &&
      entry.issuer === issuer &&
      // An entry without a subject matches by claims; the caller who merely has its name as subject is not it.
      (entry.subject === undefined ? subject !== name : entry.subject === subject),
  );

/**
 * The groups a decision of then would stand on today: those of the token as they were, those of the entry as it is
 * now. Undefined when the entry is gone. A group that came from both counts as the entry's, so that taking it away
 * there takes it away.
 */
export const groupsToday = (
  then: {
    readonly principal: Known;
    readonly groups: readonly string[];
    readonly entryGroups: readonly string[] | undefined;
  },
  entries: readonly PrincipalEntry[],
): readonly string[] | undefined => {
  const { groups, entryGroups } = then;
  if (entryGroups === undefined) return groups;
  const entry = listedEntry(then.principal, entries);
  if (!entry) return undefined;
  const fromToken = groups.filter((group) => !entryGroups.includes(group));
  return [...new Set([...fromToken, ...entry.groups])];
};
