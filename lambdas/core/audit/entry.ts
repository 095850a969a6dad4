import type { EpochMs } from '../time.ts';
import type { AuditEvent } from './event.ts';

/** The last entry of a chain: `seq` counts from 1, `hash` is hex. Before the first entry: 0 and 64 zeros. */
export interface ChainHead {
  readonly seq: number;
  readonly hash: string;
}

/** One fact, linked to the one before it by hash. This is the stored and exported form. */
export interface AuditEntry {
  readonly version: 1;
  readonly chain: string;
  readonly seq: number;
  readonly at: EpochMs;
  readonly prevHash: string;
  readonly hash: string;
  readonly event: AuditEvent;
}

/** What the caller gets with every answer, and what a verifier can be held to. */
export interface Receipt extends ChainHead {
  readonly chain: string;
}
