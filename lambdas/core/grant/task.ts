import type { ChainHead } from '../audit/entry.ts';
import type { Owner, PrincipalId, PrincipalType } from '../identity/principal.ts';
import type { EpochMs } from '../time.ts';

/** The unit of work that access is tied to. Its tombstone is written before anything it holds is ended. */
export type Task = OpenTask | EndedTask;

interface TaskCore {
  readonly id: string;
  readonly version: number;
  /** The last entry of this task's audit chain, whose name is the task's id. */
  readonly head: ChainHead;
  readonly name: string;
  readonly principal: PrincipalId & { readonly type: PrincipalType; readonly name: string };
  readonly owners: readonly Owner[];
  readonly createdAt: EpochMs;
  /** Undefined: no dead-man switch, only the longest life of a task. */
  readonly leaseSeconds: number | undefined;
}

export interface OpenTask extends TaskCore {
  readonly state: 'open';
  /** The end of the lease, or of the longest life of a task. Past it, every use is refused. */
  readonly openUntil: EpochMs;
}

export interface EndedTask extends TaskCore {
  readonly state: 'ended';
  readonly endedAt: EpochMs;
  readonly cause: 'ended_by_principal' | 'lease_lost' | 'too_old' | 'contained';
  /** Pending until every grant the task held has been ended (not necessarily proved dead: that is the grant's own). */
  readonly ending: 'pending' | 'done';
}
