import type { AuditEntry } from '../../lambdas/core/audit/entry.ts';
import type { ResourceKind } from '../../lambdas/core/config/resource.ts';
import type { Grant } from '../../lambdas/core/grant/grant.ts';
import type { Task } from '../../lambdas/core/grant/task.ts';
import type { Interruption } from '../support/kill-at.ts';
import type { Usable } from '../support/remembered-place.ts';

/** What a caller, a person, a workflow or the schedule does. */
export type Deed =
  | { readonly what: 'open task'; readonly leaseSeconds: number | undefined }
  | { readonly what: 'heartbeat' | 'end task'; readonly task: string }
  | { readonly what: 'ask'; readonly task: string; readonly kind: ResourceKind; readonly seconds: number }
  | { readonly what: GrantDeed; readonly grant: string }
  | { readonly what: 'vend'; readonly grant: string; readonly publicKey?: string }
  | { readonly what: 'sweep' };

/** `activate` and `end access` are the workflow's: in time, late, twice, or because somebody has signalled it by hand. */
export type GrantDeed = 'activate' | 'end access' | 'release' | 'revoke';

/** What came of it, as far as whoever did it can tell. */
export type Came =
  | { readonly came: 'done'; readonly made?: string; readonly swept?: Swept }
  | { readonly came: 'refused'; readonly code: string }
  /** Nothing in this process goes on, for ever or for now. */
  | { readonly came: 'stopped' };

export interface Swept {
  readonly quarantined: number;
  readonly failures: number;
}

/** A process that stands still in the middle of a deed. */
export interface Paused {
  readonly deed: Deed;
  readonly goOn: (as: 'resumed' | 'killed') => Promise<Came>;
}

/** What is stored, as it is now. */
export interface Look {
  readonly tasks: ReadonlyMap<string, Task>;
  readonly grants: ReadonlyMap<string, Grant>;
  /** When the sweeper looks at a task or a grant; nothing: never again. */
  readonly dueAt: ReadonlyMap<string, number>;
}

/** Where events happen. It says what came of them and what is so now; whether that is as it must be is not its matter. */
export interface World {
  readonly kinds: readonly ResourceKind[];
  now(): number;
  pass(ms: number): void;
  /** Of the target's clock, ahead of ours. */
  setSkew(kind: ResourceKind, ms: number): void;
  setAway(kind: ResourceKind, isAway: boolean): void;
  /** Whether starts and signals arrive, and what they start does its part. */
  setWorkflows(work: boolean): void;
  /** Of now on; whoever decides reads what is deployed. */
  setPolicy(gives: boolean): void;
  perform(deed: Deed, interruption: Interruption | undefined): Promise<Came>;
  readonly paused: Paused[];
  /** Uses a credential at its target, as its holder would. */
  use(credential: string): Promise<boolean>;
  /** What whoever was given these could do now. */
  usable(credentials: readonly string[]): Promise<readonly Usable[]>;
  /** Ids of whatever of ours the targets hold. */
  left(): Promise<readonly string[]>;
  /** What its fingerprint is taken of. */
  secretOf(credential: string): string;
  look(): Promise<Look>;
  trail(chain: string): Promise<readonly AuditEntry[]>;
  close(): Promise<void>;
}
