import type { PrincipalEntry } from '../config/issuer.ts';
import { listedEntry } from '../identity/listed-entry.ts';
import type { PrincipalType } from '../identity/principal.ts';
import type { AccessQuestion } from './question.ts';

/** Cedar's name for each type of principal. */
export const PRINCIPAL_ENTITY_TYPES = {
  agent: 'Agent',
  workload: 'Workload',
  human: 'Human',
} as const satisfies Record<PrincipalType, string>;

/**
 * How policies name a caller: by its name in `principals.yaml`. A caller without an entry there is known by its subject,
 * which its issuer chooses, so it could bear the name of somebody else's entry; it becomes an entity that no policy can
 * name, and is reached through its groups alone.
 */
export const principalEntity = (
  principal: AccessQuestion['principal'],
  entries: readonly PrincipalEntry[],
): { readonly type: string; readonly id: string } => {
  const { type, name, issuer, subject } = principal;
  const isListed = listedEntry(principal, entries) !== undefined;
  return {
    type: PRINCIPAL_ENTITY_TYPES[type],
    id: isListed ? name : JSON.stringify([issuer, subject]),
  };
};
