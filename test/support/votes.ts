import type { Visitor } from '../../lambdas/app/visitor.ts';
import type {
  Approval,
  Asked,
  GrantedApproval,
  PendingApproval,
  Vote,
} from '../../lambdas/core/approval/approval.ts';
import { askedOfGrant, excludedFrom } from '../../lambdas/core/approval/asked.ts';
import { castVote, type IsEnough } from '../../lambdas/core/approval/cast-vote.ts';
import { openApproval } from '../../lambdas/core/approval/open-approval.ts';
import type { PendingApprovalGrant } from '../../lambdas/core/grant/grant.ts';
import { openGrant } from '../../lambdas/core/grant/open-grant.ts';
import type { PersonQuestion, PolicyAnswer } from '../../lambdas/core/policy/question.ts';
import { ALLOWED, CALLER, NOW, PRINCIPAL, REFUSED, RESOURCE, SOFTWARE } from './facts.ts';

/** One valid approval of each kind, and people. A test changes the one thing it is about. */
export const visitorOf = (
  subject: string,
  groups: readonly string[] = ['dba'],
  change: Partial<Visitor['principal']> = {},
): Visitor => ({
  ...CALLER,
  authenticatedAt: NOW,
  principal: {
    ...PRINCIPAL,
    subject,
    name: subject,
    type: 'human',
    owners: [],
    groups: { known: true, names: groups },
    ...change,
  },
});

export const DORA = visitorOf('dora');
export const EVE = visitorOf('eve', ['dba', 'sre']);
/** Who answers for the agent that asks. */
export const ALICE = visitorOf('alice');
export const LEAD = visitorOf('lena', ['incident-leads']);

const waiting = openGrant(
  {
    id: 'g_00000000000000000000_000000000000',
    task: 't_00000000000000000000',
    resource: RESOURCE.id,
    kind: 'postgres',
    action: 'postgres:connect',
    durationSeconds: 600,
    reason: 'weekly report',
    principal: PRINCIPAL,
    policyDigest: SOFTWARE.policyDigest,
    target: null,
    entryGroups: ['data-crew'],
    rights: 'connect',
    unmasked: [],
    approval: 'a_00000000000000000000_00000000000000000000000000000000',
    approvalSeconds: 3_600,
  },
  { effect: 'allow', quorum: 1, determinedBy: [{ id: 'allow', reason: 'because' }], askedBy: [] },
  NOW,
).next;
if (waiting.state !== 'pending_approval') throw new TypeError('a grant that people are asked for must wait');
export const WAITING: PendingApprovalGrant = waiting;

export const ASKED: Asked = askedOfGrant(WAITING, RESOURCE);

export const PENDING: PendingApproval = openApproval(
  {
    asked: ASKED,
    excluded: excludedFrom(WAITING),
    quorum: 1,
    policyDigest: SOFTWARE.policyDigest,
    askedBy: [],
  },
  NOW,
).next;

export const voteOf = ({ principal }: Visitor, change: Partial<Vote> = {}): Vote => ({
  voter: {
    issuer: principal.issuer,
    subject: principal.subject,
    name: principal.name,
    type: principal.type,
    groups: principal.groups.known ? principal.groups.names : [],
    entryGroups: undefined,
  },
  decision: 'approve',
  way: 'page',
  at: NOW,
  note: undefined,
  granted: { action: ASKED.action, seconds: ASKED.seconds },
  ...change,
});

export const enough =
  (quorum: number): IsEnough =>
  ({ approvals }) =>
    approvals >= quorum;

/** What comes of one more word. Throws when it does not count. */
export const after = (approval: Approval, vote: Vote, isEnough: IsEnough = enough(1)): Approval => {
  const cast = castVote(approval, { vote, digest: approval.digest }, { now: vote.at, isEnough });
  if (!cast.ok) throw new Error(cast.failure.code);
  return 'again' in cast.value ? cast.value.again : cast.value.next;
};

export const isGrantedApproval = (approval: Approval): approval is GrantedApproval => 'granted' in approval;

/** Who may what, as the sample's policies have it: one group decides, reviews and ends, another goes ahead alone. */
export const SAMPLE_PEOPLE = ({ action, groups }: PersonQuestion): PolicyAnswer =>
  groups.includes(action === 'break_glass' ? 'incident-leads' : 'dba') ? ALLOWED : REFUSED;
