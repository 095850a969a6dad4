import type { PrincipalEntry } from '../config/issuer.ts';
import { listedEntry } from '../identity/listed-entry.ts';
import { isSamePrincipal, type Principal, type PrincipalId, principalKey } from '../identity/principal.ts';
import type { ContainedHolder, Containment } from './containment.ts';

type Person = Pick<Principal, 'issuer' | 'subject' | 'delegation'>;

/**
 * Whether somebody is not a second person: whoever placed it, whom it is about, and whoever answers for those, by what was
 * known then and by the file of now. Neither in their own name nor behind somebody else's.
 */
export const hasPartIn = (
  { placed, scope, holders }: Pick<Containment, 'placed' | 'scope' | 'holders'>,
  person: Person,
  principals: readonly PrincipalEntry[],
): boolean => {
  const acting = [person, ...person.delegation];
  const partial = [placed.by, ...holders.flatMap((holder) => [holder, ...ownersOf(holder, principals)])];
  return acting.some(
    (one) =>
      partial.some((other) => isSamePrincipal(one, other)) ||
      (scope.kind === 'principal' && principalKey(one) === scope.key),
  );
};

/** Who answers for a caller, by what was known of it and by the file of now. */
export const ownersOf = (
  holder: ContainedHolder,
  principals: readonly PrincipalEntry[],
): readonly PrincipalId[] => [...holder.owners, ...(listedEntry(holder, principals)?.owners ?? [])];

/**
 * Whoever answers for a caller may always stop it. Where one subject stands for several callers, whom `principals.yaml`
 * tells apart by their claims, they must answer for each: a stop of the subject stops all of them.
 */
export const answersFor = (
  { scope, holders }: Pick<Containment, 'scope' | 'holders'>,
  person: PrincipalId,
  principals: readonly PrincipalEntry[],
): boolean => {
  const isTheirs = (owners: readonly PrincipalId[]) => owners.some((one) => isSamePrincipal(one, person));
  const sharing = principals.filter(
    ({ issuer, subject }) => subject === undefined && holders.some((holder) => holder.issuer === issuer),
  );
  return (
    holders.length > 0 &&
    holders.every((holder) => isTheirs([holder, ...ownersOf(holder, principals)])) &&
    (scope.kind === 'task' || sharing.every(({ owners }) => isTheirs(owners)))
  );
};
