import { appendEntry } from '../core/audit/chain.ts';
import type { EventContext } from '../core/audit/event.ts';
import { systemChain } from '../core/audit/system-chain.ts';
import type { Resource } from '../core/config/resource.ts';
import { owesEnding } from '../core/grant/end-grant.ts';
import type { Grant } from '../core/grant/grant.ts';
import { isOver } from '../core/grant/grant.ts';
import { databaseUser } from '../core/grant/ids.ts';
import type { Clock, PostgresTarget, Store } from './ports.ts';

export interface ReconcileDeps {
  readonly store: Pick<Store, 'readGrant' | 'appendSystem'>;
  readonly target: Pick<PostgresTarget, 'inventory' | 'close'>;
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
  for (const grantId of await deps.target.inventory(resource))
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
  const { dead, steps } = await deps.target.close({ resource, grantId, since });
  const chain = systemChain('orphans', resource.id, since);
  const event = {
    type: 'target.orphan_ended' as const,
    resource: resource.id,
    user: databaseUser(grantId),
    dead,
    steps,
    ...context,
  };
  await deps.store.appendSystem(chain, (head) => appendEntry({ chain, head }, event, deps.clock()));
};
