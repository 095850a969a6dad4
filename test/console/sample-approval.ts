import type { ApprovalPage } from '../../lambdas/app/show-approval.ts';
import type {
  Approval,
  ApprovalCore,
  Asked,
  AskedStatement,
  GrantedApproval,
} from '../../lambdas/core/approval/approval.ts';
import { GENESIS } from '../../lambdas/core/audit/chain.ts';
import { NOW } from '../support/facts.ts';

/** One valid approval of each kind; a test changes one thing. */
export const APPROVAL_ID = `a_${'0'.repeat(20)}_${'1'.repeat(32)}`;
export const OTHER_APPROVAL_ID = `a_${'0'.repeat(20)}_${'2'.repeat(32)}`;
const TASK = `t_${'0'.repeat(20)}`;
const GRANT = `g_${'0'.repeat(20)}_${'1'.repeat(12)}`;

export const STATEMENT: AskedStatement = {
  mac: 'ab'.repeat(32),
  class: 'write',
  verb: 'update',
  bounded: true,
  tables: ['public.orders'],
  times: 1,
};

export const ASKED: Asked = {
  version: 1,
  approval: APPROVAL_ID,
  subject: { kind: 'grant', id: GRANT },
  requester: {
    issuer: 'https://id.example.com',
    subject: 'sales-crew',
    type: 'agent',
    name: 'sales-analyst',
  },
  owners: [{ issuer: 'https://id.example.com', subject: 'dana', name: 'Dana' }],
  groups: ['data-crew'],
  task: TASK,
  grant: GRANT,
  resource: 'orders-db',
  resourceDigest: 'cd'.repeat(32),
  action: 'postgres:connect',
  seconds: 900,
  reason: 'weekly report',
  statements: [],
  approveBy: NOW + 3_600_000,
  planHash: null,
  planUntil: null,
  determinedBy: ['prod-needs-approval'],
};

export const CORE: ApprovalCore = {
  id: APPROVAL_ID,
  version: 1,
  head: GENESIS,
  asked: ASKED,
  digest: 'd1'.repeat(32),
  excluded: [],
  quorum: 2,
  createdAt: NOW - 60_000,
  policyDigest: 'ef'.repeat(32),
  askedBy: [{ id: 'prod-needs-approval', reason: 'production' }],
  supersedes: undefined,
  votes: [
    {
      voter: {
        issuer: 'https://id.example.com',
        subject: 'bob',
        name: 'Bob',
        type: 'human',
        groups: ['approvers'],
        entryGroups: undefined,
      },
      decision: 'approve',
      way: 'button',
      at: NOW - 30_000,
      note: 'looks fine',
      granted: { action: 'postgres:read', seconds: 300 },
    },
  ],
  found: undefined,
  reminders: 0,
  remindAt: undefined,
};

export const PENDING: Approval = { ...CORE, state: 'pending' };

export const APPROVED: GrantedApproval = {
  ...CORE,
  state: 'approved',
  decidedAt: NOW,
  useBy: NOW + 600_000,
  granted: { action: 'postgres:read', seconds: 300 },
  grantedHash: 'aa'.repeat(32),
  uses: [],
  review: undefined,
};

/** Every state that an approval can be in, with and without a review. */
export const APPROVALS: readonly Approval[] = [
  PENDING,
  APPROVED,
  { ...APPROVED, state: 'consumed' },
  { ...APPROVED, review: { state: 'open' } },
  {
    ...APPROVED,
    review: {
      state: 'closed',
      by: { issuer: 'https://id.example.com', subject: 'carol' },
      at: NOW,
      note: 'it was right',
    },
  },
  ...(['denied', 'lapsed', 'cancelled', 'superseded'] as const).map((state) => ({
    ...CORE,
    state,
    closedAt: NOW,
    review: undefined,
  })),
];

export const SHOWN: ApprovalPage = {
  approval: PENDING,
  taskName: 'weekly report',
  resource: {
    id: 'orders-db',
    description: 'Orders of the shop',
    env: 'prod',
    reach: 'database orders at orders.example.com',
    account: '111122223333',
    region: 'eu-central-1',
  },
  policies: [{ id: 'prod-needs-approval', reason: 'production' }],
  statements: [],
  rightsLines: ['GRANT orders_app_masked TO lk_… WITH INHERIT TRUE, SET FALSE'],
  sensitive: [
    { column: 'public.customers.email', category: 'email', isMasked: true },
    { column: 'public.customers.card', category: 'card', isMasked: false },
  ],
  previous: undefined,
  offers: [
    { action: 'postgres:connect', seconds: 900 },
    { action: 'postgres:read', seconds: 900 },
  ],
  may: { approve: true, deny: true, breakGlass: true, review: false, because: undefined },
};

/** The same for one statement, or for several as a plan. */
export const shownStatements = (...sqls: readonly string[]): ApprovalPage => {
  const asked: Asked = {
    ...ASKED,
    subject: { kind: sqls.length > 1 ? 'plan' : 'run', id: 'r_1' },
    action: 'postgres:write',
    statements: sqls.map(() => STATEMENT),
    planUntil: sqls.length > 1 ? NOW + 600_000 : null,
  };
  return {
    ...SHOWN,
    approval: { ...PENDING, asked },
    statements: sqls.map((sql) => ({
      sql,
      params: ['42', null],
      maxRows: 10,
      about: STATEMENT,
      estimatedRows: null,
      used: 0,
    })),
    rightsLines: [],
  };
};

/** The page with every text that an agent, an issuer or a person wrote replaced by one text. */
export const written = (text: string): ApprovalPage => {
  const shown = shownStatements(text, text);
  const asked: Asked = {
    ...shown.approval.asked,
    requester: { ...ASKED.requester, name: text, subject: text, issuer: text },
    owners: [{ issuer: text, subject: text, name: text }],
    groups: [text],
    reason: text,
    resource: text,
    statements: [{ ...STATEMENT, tables: [text] }],
  };
  const votes = CORE.votes.map((vote) => ({
    ...vote,
    note: text,
    voter: { ...vote.voter, name: text, subject: text },
  }));
  const approval: Approval = { ...PENDING, asked, votes };
  return {
    ...shown,
    approval,
    taskName: text,
    resource: {
      id: text,
      description: text,
      env: text,
      reach: text,
      account: text,
      region: text,
    },
    policies: [{ id: text, reason: text }],
    statements:
      typeof shown.statements === 'string'
        ? shown.statements
        : shown.statements.map((each) => ({ ...each, params: [text] })),
    rightsLines: [text],
    sensitive: [{ column: text, category: text, isMasked: true }],
    previous: { approval: PENDING, statements: ['UPDATE orders SET a = 1', text] },
  };
};
