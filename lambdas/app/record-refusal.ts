import type { DecisionRefusal } from '../core/approval/decision-refusal.ts';
import { appendEntry } from '../core/audit/chain.ts';
import type { Receipt } from '../core/audit/entry.ts';
import type { AuditFact } from '../core/audit/event.ts';
import { systemChain } from '../core/audit/system-chain.ts';
import type { ContainmentRefusal } from '../core/containment/containment-refusal.ts';
import { principalKey } from '../core/identity/principal.ts';
import type { Caller, Software } from './caller.ts';
import { callerContext } from './caller.ts';
import type { Alarm, Clock, Store } from './ports.ts';

export interface TrailDeps {
  readonly store: Pick<Store, 'appendSystem'>;
  readonly clock: Clock;
  readonly software: Software;
}

/** Keeps a fact that belongs to no grant and no task, in the day's chain of this caller's shard. */
export const recordAside = (
  deps: TrailDeps,
  caller: Caller,
  fact: Extract<
    AuditFact,
    { type: 'request.refused' | 'access.previewed' | 'decision.refused' | 'grant.revocation' }
  >,
): Promise<Receipt> => {
  const chain = systemChain('requests', principalKey(caller.principal), deps.clock());
  const event = { ...fact, ...callerContext(caller, deps.software) };
  // Asked again once the head is read: what was appended while that took long must not be younger than this.
  return deps.store.appendSystem(chain, (head) => appendEntry({ chain, head }, event, deps.clock()));
};

/** Keeps a person's decision that did not count, and counts it: people who try what they may not are worth a look. */
export const recordRefusedDecision = async (
  deps: TrailDeps & { readonly alarm: Alarm },
  visitor: Caller,
  refused: {
    readonly code: (DecisionRefusal | ContainmentRefusal)['code'];
    readonly decision: string;
    readonly about: string;
  },
): Promise<void> => {
  deps.alarm('DecisionRefused');
  await recordAside(deps, visitor, { type: 'decision.refused', ...refused });
};
