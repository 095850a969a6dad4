import { appendEntry } from '../core/audit/chain.ts';
import type { EventContext } from '../core/audit/event.ts';
import { systemChain } from '../core/audit/system-chain.ts';
import type { Resource } from '../core/config/resource.ts';
import { owesEnding } from '../core/grant/end-grant.ts';
import type { Grant } from '../core/grant/grant.ts';
import { isOver } from '../core/grant/grant.ts';
import { userAt } from './audit-target.ts';
import { type EndAccessDeps, endAccess } from './end-access.ts';
import type { Store } from './ports.ts';
import { targetOf } from './ports-of-targets.ts';

export interface ReconcileDeps extends EndAccessDeps {
  readonly store: EndAccessDeps['store'] & Pick<Store, 'appendSystem'>;
}

/**
 * Ends what a target holds and no grant stands for: what a crash left behind, or what somebody made by hand under
 * our prefix. A grant that is alive is left to its own life, unless its rights have outgrown what may be given: then that ends it.
 * Answers how many there were of both.
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
  return orphans.length + (await endOutgrown(deps, resource, context));
};

const endOutgrown = async (
  deps: ReconcileDeps,
  resource: Resource,
  context: EventContext,
): Promise<number> => {
  const ids = (await targetOf(deps.targets, resource).outgrown?.(resource)) ?? [];
  for (const grantId of ids) await endAccess(deps, grantId, context, 'rights_outgrown');
  return ids.length;
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
