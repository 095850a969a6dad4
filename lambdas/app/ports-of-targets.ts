import type { IssuedFacts } from '../core/audit/event.ts';
import type { Resource, ResourceKind, ResourceOfKind } from '../core/config/resource.ts';
import type { ActivatingGrant, ActiveGrant, EndedGrant, EndingStep } from '../core/grant/grant.ts';
import type { Result } from '../core/result.ts';
import type { SshPublicKey } from '../core/ssh/public-key.ts';
import type { EpochMs } from '../core/time.ts';
import type { CredentialContent } from './credential.ts';

export interface OpenAsk<R> {
  readonly resource: R;
  readonly grant: ActivatingGrant;
  /** Asked as late as the target allows; `false` leaves nothing there, and the answer is `unwanted`. */
  readonly isStillWanted: () => Promise<boolean>;
}

export interface CloseAsk<R> {
  readonly resource: R;
  readonly grantId: string;
  /** Undefined for what the target holds and no grant stands for. */
  readonly grant: EndedGrant | undefined;
  /** When access should have ended: what the steps are timed from. */
  readonly since: EpochMs;
}

export interface CloseReport {
  readonly dead: boolean;
  readonly steps: readonly EndingStep[];
  /** Why it is not dead, for the trail: a code and the name of a step, never text from the target. */
  readonly error: string | undefined;
}

/** What a target can be told to do for one grant. All calls are safe to repeat after a crash. */
export interface Target<R> {
  /** Makes what a grant needs there. Throws `TemplateLeaks` when it could see what it must not. */
  open(ask: OpenAsk<R>): Promise<'opened' | 'unwanted'>;
  /** Ends what a grant has opened, and proves it: `dead` only when it was seen to be refused for the right reason. */
  close(ask: CloseAsk<R>): Promise<CloseReport>;
  /** Grant ids of whatever of ours the target holds. */
  inventory(resource: R): Promise<readonly string[]>;
  /** Those whose rights have come to be more than may be given, since somebody changed them there. Absent where that cannot be. */
  outgrown?(resource: R): Promise<readonly string[]>;
}

/** The targets that one function reaches, by kind. */
export type Targets = { readonly [K in ResourceKind]?: Target<ResourceOfKind<K>> };

/** The role that a masked login would inherit from can read what it must not: nothing is opened. */
export class TemplateLeaks extends Error {
  override readonly name = 'TemplateLeaks';
}

/** The error of a close whose probe got in: a grant that was ended and is not. An alarm stands on it. */
export const PROBE_GOT_IN = 'probe:got_in';

/** A function was asked about a kind that it does not reach: a mistake of ours, which the trail of the grant survives. */
export class UnreachableKind extends Error {
  override readonly name = 'UnreachableKind';
}

/** The target of a resource's kind. Throws `UnreachableKind` where this function has none. */
export const targetOf = <R extends Resource>(targets: Targets, { kind }: R): Target<R> => {
  const target = targets[kind];
  if (!target) throw new UnreachableKind(kind);
  // The table pairs each kind with its own resource; the compiler loses that pair when it looks one up.
  return target as unknown as Target<R>;
};

export interface IssueAsk<R> {
  readonly resource: R;
  readonly grant: ActiveGrant;
  /** The id of the credential. */
  readonly id: string;
  /** The caller's own, where access is by key; undefined where it is not. */
  readonly publicKey?: SshPublicKey | undefined;
}

/** A credential that was made and is not usable by anybody yet. */
export interface Issued {
  readonly content: CredentialContent;
  /** What its fingerprint is taken of. */
  readonly secret: string;
  /** When it ends by itself: the earlier of its own end and that of whatever signed it. */
  readonly expiresAt: EpochMs;
  /** The role that it is a session of, where its end depends on that. */
  readonly roleArn?: string;
  /** By which the trail of AWS, and ours, know it beside its fingerprint. */
  readonly told?: IssuedFacts;
  /** Makes it usable, once its entry is committed; undefined where knowing it is enough. */
  readonly release?: (() => Promise<void>) | undefined;
}

/** Makes credentials of one kind. A failure is an answer; what could not be reached is thrown. */
export interface Issuer<R> {
  issue(ask: IssueAsk<R>): Promise<Result<Issued>>;
}

export type Issuers = { readonly [K in ResourceKind]?: Issuer<ResourceOfKind<K>> };

/** As `targetOf`, for issuers. */
export const issuerOf = <R extends Resource>(issuers: Issuers, { kind }: R): Issuer<R> => {
  const issuer = issuers[kind];
  if (!issuer) throw new UnreachableKind(kind);
  return issuer as unknown as Issuer<R>;
};
