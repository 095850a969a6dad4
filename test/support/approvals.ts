import type {
  Approval,
  Asked,
  ClosedApproval,
  GrantedApproval,
  PendingApproval,
  Vote,
} from '../../lambdas/core/approval/approval.ts';
import { reachOf } from '../../lambdas/core/config/resource.ts';
import type { NoticeFacts } from '../../lambdas/core/notice/notice-facts.ts';
import { NOW, PRINCIPAL, RESOURCE } from './facts.ts';

/** One valid approval of each state. A test changes the one thing it is about. */
export const TASK_ID = 't_k3v9q2m7xw4b8r1nd6hz';
export const APPROVAL_ID = 'a_k3v9q2m7xw4b8r1nd6hz_5h2j7d9c1s0f8t3w6y0a2e4g5h2j7d9c';
export const NEWER_APPROVAL_ID = 'a_k3v9q2m7xw4b8r1nd6hz_9h2j7d9c1s0f8t3w6y0a2e4g5h2j7d9c';
export const DIGEST = '0123456789ab'.padEnd(64, 'c');

export const ASKED: Asked = {
  version: 1,
  approval: APPROVAL_ID,
  subject: { kind: 'run', id: 'r_k3v9q2m7xw4b8r1nd6hz_5h2j7d9c1s0f_8t3w6y0a2e4g' },
  requester: { issuer: PRINCIPAL.issuer, subject: 'sales-crew', type: 'agent', name: 'sales-analyst' },
  owners: [{ issuer: PRINCIPAL.issuer, subject: 'dana.reyes', name: 'Dana Reyes' }],
  groups: ['data-crew'],
  task: TASK_ID,
  grant: 'g_k3v9q2m7xw4b8r1nd6hz_5h2j7d9c1s0f',
  resource: RESOURCE.id,
  resourceDigest: 'e'.repeat(64),
  action: 'postgres:write',
  seconds: 900,
  reason: 'remove the test customers of last week',
  statements: [
    {
      mac: 'a'.repeat(64),
      class: 'write',
      verb: 'DELETE',
      bounded: true,
      tables: ['public.customers'],
      times: 1,
    },
  ],
  approveBy: NOW + 3_600_000,
  planHash: null,
  planUntil: null,
  determinedBy: ['writes-need-people'],
};

export const PENDING: PendingApproval = {
  id: APPROVAL_ID,
  version: 1,
  head: { seq: 1, hash: 'b'.repeat(64) },
  asked: ASKED,
  digest: DIGEST,
  excluded: [],
  quorum: 2,
  createdAt: NOW,
  policyDigest: 'd'.repeat(64),
  askedBy: [],
  supersedes: undefined,
  votes: [],
  found: { at: NOW, estimatedRows: [12], maskedColumns: ['public.customers.email'] },
  reminders: 0,
  remindAt: undefined,
  state: 'pending',
};

export const VOTE: Vote = {
  voter: {
    issuer: PRINCIPAL.issuer,
    subject: 'ana.silva',
    name: 'Ana Silva',
    type: 'human',
    groups: ['dba'],
    entryGroups: ['dba'],
  },
  decision: 'approve',
  way: 'page',
  at: NOW + 60_000,
  note: undefined,
  granted: undefined,
};

export const APPROVED: GrantedApproval = {
  ...PENDING,
  version: 3,
  votes: [VOTE, { ...VOTE, voter: { ...VOTE.voter, subject: 'jonas.weber', name: 'Jonas Weber' } }],
  state: 'approved',
  decidedAt: NOW + 60_000,
  useBy: NOW + 120_000,
  granted: { action: ASKED.action, seconds: ASKED.seconds },
  grantedHash: '9'.repeat(64),
  uses: [],
  review: undefined,
};

export const BROKEN_GLASS: GrantedApproval = {
  ...APPROVED,
  votes: [{ ...VOTE, way: 'break_glass', note: 'the shop is down' }],
  review: { state: 'open' },
};

export const closed = (state: ClosedApproval['state'], votes: readonly Vote[] = []): ClosedApproval => ({
  ...PENDING,
  version: 2,
  votes,
  state,
  closedAt: NOW + 60_000,
  review: undefined,
});

export const DENIED = closed('denied', [
  { ...VOTE, decision: 'deny', way: 'button', note: 'not on a Friday' },
]);

/** One for each thing that can be told. */
export const EVERY_STAGE: readonly Approval[] = [
  PENDING,
  { ...PENDING, votes: [VOTE] },
  { ...PENDING, reminders: 1 },
  APPROVED,
  BROKEN_GLASS,
  DENIED,
  closed('lapsed'),
  closed('cancelled'),
  closed('superseded'),
];

export const FACTS: NoticeFacts = {
  approval: PENDING,
  taskName: 'clean up',
  resource: {
    id: RESOURCE.id,
    description: RESOURCE.description,
    env: 'prod',
    account: RESOURCE.target.account,
    region: RESOURCE.target.region,
    reach: reachOf(RESOURCE),
  },
  link: `https://latchkey.example.com/console/approvals/${APPROVAL_ID}`,
  buttons: { approve: true },
};
