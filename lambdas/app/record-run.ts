import { appendEntry, headOf } from '../core/audit/chain.ts';
import type { AuditEntry } from '../core/audit/entry.ts';
import type { EventContext } from '../core/audit/event.ts';
import type { Grant } from '../core/grant/grant.ts';
import type { Run } from '../core/run/run.ts';
import type { RunChange } from '../core/run/run-life.ts';
import type { EpochMs } from '../core/time.ts';

/** A run with its books kept: its entry stands in its grant's chain, so the grant moves with it. */
export interface RecordedRun<R extends Run = Run> {
  readonly run: R;
  readonly grant: Grant;
  readonly entry: AuditEntry;
}

/** Turns a step of a run into what is committed. The grant's state is what it was; only its chain has grown. */
export const recordRun = <R extends Run>(
  change: RunChange<R>,
  { grant, context, at }: { readonly grant: Grant; readonly context: EventContext; readonly at: EpochMs },
): RecordedRun<R> => {
  const entry = appendEntry({ chain: grant.id, head: grant.head }, { ...change.fact, ...context }, at);
  const head = headOf(entry);
  return {
    run: { ...change.next, version: change.next.version + 1, head },
    grant: { ...grant, version: grant.version + 1, head },
    entry,
  };
};
