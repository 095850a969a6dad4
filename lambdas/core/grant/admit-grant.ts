import type { Granted } from '../approval/approval.ts';
import type { Rights } from '../config/resource.ts';
import type { PrincipalId } from '../identity/principal.ts';
import { ACTIVATION_MAX_SECONDS, SECOND_MS } from '../limits.ts';
import type { EpochMs } from '../time.ts';
import type { Change } from './change.ts';
import type { Consent, Denial, DeniedGrant, PendingApprovalGrant, PreparingGrant } from './grant.ts';

/** What came of asking people, as far as the grant is concerned. */
export interface Given {
  readonly granted: Granted;
  readonly rights: Rights;
  readonly consent: Consent;
  readonly approvers: readonly PrincipalId[];
}

/** People approved: from here on it is like a grant for which nobody had to be asked, only narrower where they said so. */
export const admitGrant = (
  grant: PendingApprovalGrant,
  { granted, rights, consent, approvers }: Given,
  now: EpochMs,
): Change<PreparingGrant> => {
  const { quorum: _quorum, approveBy: _approveBy, ...core } = grant;
  return {
    next: {
      ...core,
      state: 'preparing',
      action: granted.action,
      rights,
      requestedSeconds: granted.seconds,
      consent,
      approvers,
      activateBy: now + ACTIVATION_MAX_SECONDS * SECOND_MS,
    },
    fact: { type: 'grant.approved', grant: grant.id, approval: grant.approval, granted, consent },
  };
};

/** It is never given: people said no, or policy does by now. */
export const denyGrant = (grant: PendingApprovalGrant, denial: Denial): Change<DeniedGrant> => {
  const { quorum: _quorum, approveBy: _approveBy, ...core } = grant;
  return {
    next: { ...core, state: 'denied', denial },
    fact: { type: 'grant.denied', grant: grant.id, denial, approval: grant.approval },
  };
};

/** Policy asks for more than it did: the same request waits for another approval. */
export const holdGrant = (
  grant: PendingApprovalGrant,
  again: { readonly approval: string; readonly quorum: number; readonly approveBy: EpochMs },
): Change<PendingApprovalGrant> => ({
  next: { ...grant, ...again },
  fact: { type: 'grant.held', grant: grant.id, quorum: again.quorum, approval: again.approval },
});
