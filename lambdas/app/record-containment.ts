import { appendEntry } from '../core/audit/chain.ts';
import type { ChainHead } from '../core/audit/entry.ts';
import type { EventContext } from '../core/audit/event.ts';
import { CONTAINMENT_CHAIN } from '../core/audit/system-chain.ts';
import type { Containment } from '../core/containment/containment.ts';
import type { Change } from '../core/grant/change.ts';
import type { EpochMs } from '../core/time.ts';
import type { Recorded } from './record.ts';

/** One version on, with the entry that tells of it. All stops share one chain, so that who stopped what is one story. */
export const recordContainment = <C extends Containment>(
  change: Change<C>,
  head: ChainHead,
  { context, at }: { readonly context: EventContext; readonly at: EpochMs },
): Recorded<C> => ({
  state: { ...change.next, version: change.next.version + 1 },
  entry: appendEntry({ chain: CONTAINMENT_CHAIN, head }, { ...change.fact, ...context }, at),
});
