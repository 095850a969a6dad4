import { appendEntry } from '../core/audit/chain.ts';
import type { EventContext } from '../core/audit/event.ts';
import { systemChain } from '../core/audit/system-chain.ts';
import type { Resource } from '../core/config/resource.ts';
import { owesEnding } from '../core/grant/end-grant.ts';
import type { Grant } from '../core/grant/grant.ts';
import { isOver } from '../core/grant/grant.ts';
import { userAt } from './audit-target.ts';
import type { Clock, Store } from './ports.ts';
import { type Targets, targetOf } from './ports-of-targets.ts';

export interface ReconcileDeps {
  readonly store: Pick<Store, 'readGrant' | 'appendSystem'>;
  readonly targets: Targets;
  readonly clock: Clock;
}

/**
 * Ends what a target holds and no grant stands for: what a crash left behind, or what somebody made by hand under
 * our prefix. Answers how many there were. A grant that is alive or still owes its ending is left to its own life.
 */
export const reconcileTarget = async (
  deps: ReconcileDeps,
  resource: Resource,
  context: EventContext,
): Promise<number> => {
  const orphans: string[] = [];
  for (const grantId of await targetOf(deps.targets, resource).inventory(resource))
    if (isOrphan(await deps.store.readGrant(grantId))) orphans.push(grantId);
  for (const grantId of orphans) await endOrphan(deps, { resource, grantId }, context);
  return orphans.length;
};

const isOrphan = (grant: Grant | undefined): boolean => !grant || (isOver(grant) && !owesEnding(grant));

const endOrphan = async (
  deps: ReconcileDeps,
  { resource, grantId }: { resource: Resource; grantId: string },
  context: EventContext,
): Promise<void> => {
  const since = deps.clock();
  const { dead, steps } = await targetOf(deps.targets, resource).close({
    resource,
    grantId,
    grant: undefined,
    since,
  });
  const chain = systemChain('orphans', resource.id, since);
  const event = {
    type: 'target.orphan_ended' as const,
    resource: resource.id,
    user: userAt(resource, grantId),
    dead,
    steps,
    ...context,
  };
  await deps.store.appendSystem(chain, (head) => appendEntry({ chain, head }, event, deps.clock()));
};
