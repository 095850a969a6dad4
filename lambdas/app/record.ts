import { appendEntry, headOf } from '../core/audit/chain.ts';
import type { AuditEntry, ChainHead } from '../core/audit/entry.ts';
import type { EventContext } from '../core/audit/event.ts';
import type { Change } from '../core/grant/change.ts';
import type { EpochMs } from '../core/time.ts';

/** A state with its books kept: one version on, and at the head of its chain the entry that tells of it. */
export interface Recorded<S> {
  readonly state: S;
  readonly entry: AuditEntry;
}

/** Turns a step of a lifecycle into what is committed: state and entry, which only ever move together. */
export const record = <S extends { id: string; version: number; head: ChainHead }>(
  change: Change<S>,
  context: EventContext,
  at: EpochMs,
): Recorded<S> => {
  const { id, version, head } = change.next;
  const entry = appendEntry({ chain: id, head }, { ...change.fact, ...context }, at);
  return { state: { ...change.next, version: version + 1, head: headOf(entry) }, entry };
};
