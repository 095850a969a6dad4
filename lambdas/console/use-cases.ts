import type { ReviewNote } from '../app/close-review.ts';
import type { ContainAnswer, ContainAsk } from '../app/contain.ts';
import type { Decision } from '../app/decide-approval.ts';
import type { LiftAnswer, LiftAsk } from '../app/lift-containment.ts';
import type { ListedContainment, ShownContainment } from '../app/list-containments.ts';
import type { Inbox } from '../app/list-inbox.ts';
import type { ApprovalPage } from '../app/show-approval.ts';
import type { Visitor } from '../app/visitor.ts';
import type { Approval } from '../core/approval/approval.ts';
import type { DecisionRefusal } from '../core/approval/decision-refusal.ts';
import type { ContainmentRefusal } from '../core/containment/containment-refusal.ts';
import type { Grant } from '../core/grant/grant.ts';
import type { Result } from '../core/result.ts';

type Answered<T> = Promise<Result<T, DecisionRefusal>>;

type AnsweredStop<T> = Promise<Result<T, ContainmentRefusal>>;

/** What the pages stand on, each with what it needs already at hand. Who may do what is decided there and never here. */
export interface ConsoleUseCases {
  readonly showApproval: (visitor: Visitor, id: string) => Answered<ApprovalPage>;
  readonly decideApproval: (visitor: Visitor, decision: Decision) => Answered<Approval>;
  readonly closeReview: (visitor: Visitor, review: ReviewNote) => Answered<Approval>;
  readonly listInbox: (visitor: Visitor) => Promise<Inbox>;
  readonly listLiveGrants: (visitor: Visitor) => Promise<readonly Grant[]>;
  readonly revokeGrant: (
    visitor: Visitor,
    ask: { readonly grantId: string; readonly note: string },
  ) => Answered<Grant>;
  readonly listContainments: (visitor: Visitor) => AnsweredStop<readonly ListedContainment[]>;
  readonly showContainment: (visitor: Visitor, id: string) => AnsweredStop<ShownContainment>;
  readonly contain: (visitor: Visitor, ask: ContainAsk) => AnsweredStop<ContainAnswer>;
  readonly liftContainment: (visitor: Visitor, ask: LiftAsk) => AnsweredStop<LiftAnswer>;
}
