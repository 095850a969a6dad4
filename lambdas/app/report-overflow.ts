import { appendEntry } from '../core/audit/chain.ts';
import type { EventContext } from '../core/audit/event.ts';
import { systemChain } from '../core/audit/system-chain.ts';
import { SWEEP_CONCURRENCY } from '../core/limits.ts';
import type { EpochMs } from '../core/time.ts';
import { inTurns } from './in-turns.ts';
import type { Alarm, Clock, Store } from './ports.ts';

export interface ReportOverflowDeps {
  readonly store: Pick<Store, 'due' | 'readGrant' | 'appendSystem'>;
  readonly clock: Clock;
  readonly alarm: Alarm;
}

/** Sessions of a role that are about to be refused for when they were issued, whoever's they are. */
export interface Overflow {
  readonly resource: string;
  readonly roleArn: string;
  readonly issuedBefore: EpochMs;
}

/**
 * Says in the trail, before it is so, which grants that have not ended lose their sessions. Each of them is given a new one
 * when it asks; that there are so many ends for so few roles is for a person to know.
 */
export const reportOverflow = async (
  deps: ReportOverflowDeps,
  overflow: Overflow,
  context: EventContext,
): Promise<void> => {
  const hit = await activeGrantsOf(deps, overflow);
  const at = deps.clock();
  const chain = systemChain('overflow', overflow.resource, at);
  const event = {
    type: 'target.overflow' as const,
    resource: overflow.resource,
    role: overflow.roleArn,
    issuedBefore: overflow.issuedBefore,
    hit,
    ...context,
  };
  await deps.store.appendSystem(chain, (head) => appendEntry({ chain, head }, event, at));
  deps.alarm('SessionsOverflow');
};

/** The index may lag by a moment, in which a grant's first session may not be told of. */
const activeGrantsOf = async (
  { store }: ReportOverflowDeps,
  { resource, roleArn }: Overflow,
): Promise<readonly string[]> => {
  const hit: string[] = [];
  await inTurns(await store.due(Number.MAX_SAFE_INTEGER), SWEEP_CONCURRENCY, async ({ kind, id }) => {
    const grant = kind === 'grant' ? await store.readGrant(id) : undefined;
    if (grant?.state === 'active' && grant.resource === resource && grant.issuedFrom?.includes(roleArn))
      hit.push(id);
  });
  return hit.sort();
};
