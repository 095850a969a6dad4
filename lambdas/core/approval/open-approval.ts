import { GENESIS } from '../audit/chain.ts';
import type { AuditFact } from '../audit/event.ts';
import type { DeterminingPolicy } from '../failure.ts';
import type { Change } from '../grant/change.ts';
import type { PrincipalId } from '../identity/principal.ts';
import { REMIND_AFTER_SECONDS, SECOND_MS } from '../limits.ts';
import type { EpochMs } from '../time.ts';
import type { Approval, Asked, Found, PendingApproval } from './approval.ts';
import { digestOf } from './digest.ts';

type ApprovalFact = Extract<AuditFact, { readonly approval: string; readonly type: `approval.${string}` }>;
export type ApprovalChange<A extends Approval = Approval> = Change<A, ApprovalFact>;

/** What an approval is made of beside what is asked. */
export interface ApprovalRequest {
  readonly asked: Asked;
  readonly excluded: readonly PrincipalId[];
  readonly quorum: number;
  readonly policyDigest: string;
  readonly askedBy: readonly DeterminingPolicy[];
  readonly supersedes?: string | undefined;
  /** What the target has said already. */
  readonly found?: Found | undefined;
  readonly remindAfterSeconds?: number | undefined;
}

export const openApproval = (request: ApprovalRequest, now: EpochMs): ApprovalChange<PendingApproval> => {
  const { asked, quorum, askedBy, supersedes, policyDigest, excluded } = request;
  const digest = digestOf(asked);
  const remindAt = now + (request.remindAfterSeconds ?? REMIND_AFTER_SECONDS) * SECOND_MS;
  return {
    next: {
      id: asked.approval,
      version: 0,
      head: GENESIS,
      state: 'pending',
      asked,
      digest,
      excluded,
      quorum,
      createdAt: now,
      policyDigest,
      askedBy,
      supersedes,
      votes: [],
      found: request.found,
      reminders: 0,
      remindAt: remindAt < asked.approveBy ? remindAt : undefined,
    },
    fact: {
      type: 'approval.requested',
      approval: asked.approval,
      subject: asked.subject,
      grant: asked.grant,
      digest,
      quorum,
      approveBy: asked.approveBy,
      askedBy,
      asked,
      supersedes: supersedes ?? null,
    },
  };
};
