import type { Person } from '../core/approval/approval.ts';
import { isOneOf } from '../core/approval/consent.ts';
import type { Grant } from '../core/grant/grant.ts';
import { isOver } from '../core/grant/grant.ts';
import { LIVE_GRANTS_MAX_COUNT, SECOND_MS, SWEEP_CONCURRENCY } from '../core/limits.ts';
import type { DecideDeps } from './decide-approval.ts';
import { inTurns } from './in-turns.ts';
import type { Store } from './ports.ts';
import { personOf, type Visitor } from './visitor.ts';

export interface LiveGrantsDeps extends Pick<DecideDeps, 'policy' | 'principals' | 'clock'> {
  readonly store: Pick<Store, 'due' | 'readGrant'>;
}

/** Access that there is now and that this person may end, newest first. */
export const listLiveGrants = async (deps: LiveGrantsDeps, visitor: Visitor): Promise<readonly Grant[]> => {
  const person = personOf(visitor, deps.principals);
  if (!person) return [];
  const live: Grant[] = [];
  const ids = (await deps.store.due(Number.MAX_SAFE_INTEGER)).filter(({ kind }) => kind === 'grant');
  await inTurns(ids.slice(0, LIVE_GRANTS_MAX_COUNT), SWEEP_CONCURRENCY, async ({ id }) => {
    const grant = await deps.store.readGrant(id);
    if (!grant || isOver(grant) || grant.state === 'pending_approval') return;
    if (mayEnd(deps, grant, person)) live.push(grant);
  });
  return live.toSorted((a, b) => b.createdAt - a.createdAt);
};

/** Whoever answers for an agent may always stop it, and so may whom policy names. */
export const mayEnd = (
  { policy, clock }: Pick<LiveGrantsDeps, 'policy' | 'clock'>,
  grant: Grant,
  person: Person,
): boolean =>
  isOneOf([grant.principal, ...grant.owners], person) ||
  policy.askPerson({
    principal: person,
    groups: person.groups,
    action: 'revoke',
    resource: grant.resource,
    context: {
      requested: grant.action,
      durationSeconds: grant.requestedSeconds,
      waitedSeconds: Math.max(0, Math.floor((clock() - grant.createdAt) / SECOND_MS)),
    },
  }).allowed;
