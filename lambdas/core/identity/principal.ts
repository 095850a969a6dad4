import { createHash } from 'node:crypto';
import type { EpochMs } from '../time.ts';

/** The one name of a caller that is never reused: exact issuer and subject, never an e-mail address. */
export interface PrincipalId {
  readonly issuer: string;
  readonly subject: string;
}

export type PrincipalType = 'agent' | 'workload' | 'human';

/** The human answerable for an agent. `name` is for display only. */
export interface Owner extends PrincipalId {
  readonly name: string;
}

/** Absent or overflowing groups are unknown, which is not the same as none: whoever needs them says no. */
export type Groups = { readonly known: true; readonly names: readonly string[] } | { readonly known: false };

/** Who asks, as the authorizer established it from a verified token and `principals.yaml`. */
export interface Principal extends PrincipalId {
  readonly type: PrincipalType;
  /** From `principals.yaml`; the subject where that file has no entry. */
  readonly name: string;
  /** False when neither `principals.yaml` nor a groups claim says anything about this caller. */
  readonly listed: boolean;
  readonly groups: Groups;
  /** Those of them that `principals.yaml` gave, so that what is kept of a caller can be seen in the light of the file of now. */
  readonly entryGroups?: readonly string[] | undefined;
  readonly owners: readonly Owner[];
  /** The `act` chain of a token from an issuer that is believed about it, outermost actor first. */
  readonly delegation: readonly PrincipalId[];
  /** SHA-256 of `header.payload`: the signature part can be re-encoded, so it is left out. Hex. */
  readonly tokenFingerprint: string;
  readonly tokenExpiresAt: EpochMs;
}

/** A fixed-size partition key for (issuer, subject): 32 hex digits of SHA-256. */
export const principalKey = ({ issuer, subject }: PrincipalId): string =>
  createHash('sha256')
    .update(JSON.stringify([issuer, subject]))
    .digest('hex')
    .slice(0, 32);

export const isSamePrincipal = (a: PrincipalId, b: PrincipalId): boolean =>
  a.issuer === b.issuer && a.subject === b.subject;

/** Whom tasks and grants belong to. */
export type Holder = Pick<Principal, 'issuer' | 'subject' | 'type' | 'name'>;

/**
 * Some issuers give one subject to many workloads, and `principals.yaml` tells them apart by their claims: two jobs of one
 * GitHub repository, say. So what a caller is known as counts too; whoever is renamed there has to begin anew.
 */
export const isSameHolder = (a: Holder, b: Holder): boolean =>
  isSamePrincipal(a, b) && a.type === b.type && a.name === b.name;
