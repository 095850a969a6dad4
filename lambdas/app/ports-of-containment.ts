import type { AuditEntry, ChainHead } from '../core/audit/entry.ts';
import type { Containment } from '../core/containment/containment.ts';
import type { ContainmentRegister } from '../core/grant/use-grant.ts';
import type { CommitOutcome } from './ports.ts';

/** The register as it is read with every use. */
export interface StoredRegister {
  readonly register: ContainmentRegister;
  /** Exactly what is stored, which somebody may have written by hand; undefined: nothing is. */
  readonly body: string | undefined;
}

/** One consistent look at all of them, the head first: whatever has changed since moves the head. */
export interface ContainmentsRead {
  readonly head: ChainHead;
  readonly stored: StoredRegister;
  /** Those that stand, and those that were lifted not long ago. */
  readonly containments: readonly Containment[];
}

/** One transaction, lost when anything about any containment has changed since it was read. */
export interface ContainmentCommit {
  /** Under the condition that the table still holds `version - 1` of it (version 1: that it holds none). */
  readonly containment: Containment;
  /** The next one of the chain of containments, which is the lock. */
  readonly entry: AuditEntry;
  readonly register?: { readonly was: StoredRegister; readonly next: ContainmentRegister };
}

export interface Containments {
  read(): Promise<ContainmentsRead>;
  find(id: string): Promise<Containment | undefined>;
  /** In no order. */
  list(): Promise<readonly Containment[]>;
  commit(commit: ContainmentCommit): Promise<CommitOutcome>;
}

/** Has the first pass made at once instead of within the minute. Resolves when that is under way. */
export interface FirstPass {
  begin(containmentId: string): Promise<void>;
}
