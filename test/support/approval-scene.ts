import assert from 'node:assert/strict';
import { type Admission, admitGrant } from '../../lambdas/app/admit-grant.ts';
import { admitRun } from '../../lambdas/app/admit-run.ts';
import { type Decision, decideApproval } from '../../lambdas/app/decide-approval.ts';
import { requestRun } from '../../lambdas/app/request-run.ts';
import type { Visitor } from '../../lambdas/app/visitor.ts';
import type { Approval } from '../../lambdas/core/approval/approval.ts';
import type { AuditEvent } from '../../lambdas/core/audit/event.ts';
import { verifyChain } from '../../lambdas/core/audit/verify-chain.ts';
import type { Grant, PendingApprovalGrant } from '../../lambdas/core/grant/grant.ts';
import type { PendingApprovalRun, Run } from '../../lambdas/core/run/run.ts';
import type { App } from './app.ts';
import { ALLOWED, CALLER, ENTRY, NOW, REFUSED, RESOURCE } from './facts.ts';
import { INSPECTION } from './remembered-statements.ts';
import { DORA, SAMPLE_PEOPLE } from './votes.ts';

/** Allowed once so many people have approved. */
export const withPeople = (quorum: number) => (approvals: number) =>
  approvals >= quorum ? ALLOWED : REFUSED;

/** Before each test: the clock, the policies, the configuration and the target as they are at first, and no call counted. */
export const resetScene = (app: App): void => {
  app.time.now = NOW;
  app.policy.answer = withPeople(1);
  app.policy.person = SAMPLE_PEOPLE;
  app.deps.policy.ask = (question) => app.policy.answer(question.context.approvals);
  app.deps.principals = [ENTRY];
  app.deps.resources = [RESOURCE];
  app.statements.control.inspection = INSPECTION;
  app.statements.executed.length = 0;
  app.calls.length = 0;
};

/** Takes what people have decided about a grant or a run, as its workflow does. */
export const admit = (app: App, id: string): Promise<Admission> =>
  id.startsWith('r_') ? admitRun(app.deps, id, app.context) : admitGrant(app.deps, id, app.context);

export interface GrantScene {
  readonly task: string;
  readonly grant: PendingApprovalGrant;
  readonly approval: Approval;
}

/** A grant that waits for people, in a task of its own. */
export const newWaitingGrant = async (app: App, change: object = {}): Promise<GrantScene> => {
  const task = await app.newTask();
  const grant = await app.newGrant(task, change);
  assert.equal(grant.state, 'pending_approval');
  return { task, grant, approval: await approvalOf(app, grant.approval) };
};

export interface RunScene {
  readonly task: string;
  readonly grantId: string;
  readonly run: PendingApprovalRun;
  readonly approval: Approval;
}

export const SQL = "SELECT name FROM customers WHERE name <> 'canary-4711'";

export const newRun = async (app: App, grantId: string, sql = SQL): Promise<Run> => {
  const request = { sql, params: [], maxRows: 100 };
  const asked = await requestRun(app.deps, CALLER, { grantId, request, idempotencyKey: undefined });
  assert.ok(asked.ok && asked.value.kind === 'run', JSON.stringify(asked));
  return asked.value.run;
};

/** A run that waits for people, under an active grant in a task of its own. */
export const newWaitingRun = async (app: App): Promise<RunScene> => {
  const task = await app.newTask();
  const grantId = await app.newActive(task, { action: 'postgres:read' });
  const run = await newRun(app, grantId);
  assert.equal(run.state, 'pending_approval');
  return { task, grantId, run, approval: await approvalOf(app, run.approval) };
};

export const approvalOf = async (app: App, id: string | undefined): Promise<Approval> => {
  const approval = id === undefined ? undefined : await app.deps.store.readApproval(id);
  assert.ok(approval, 'no approval');
  return approval;
};

export const grantOf = async (app: App, id: string): Promise<Grant> => {
  const grant = await app.deps.store.readGrant(id);
  assert.ok(grant, 'no grant');
  return grant;
};

export const runOf = async (app: App, id: string): Promise<Run> => {
  const run = await app.deps.store.readRun(id);
  assert.ok(run, 'no run');
  return run;
};

/** Signed in just now, and sees what is stored. */
export const decide = (
  app: Pick<App, 'deps' | 'time'>,
  { id, digest }: Pick<Approval, 'id' | 'digest'>,
  { by = DORA, ...change }: Partial<Decision> & { readonly by?: Visitor } = {},
) =>
  decideApproval(
    app.deps,
    { ...by, authenticatedAt: by === DORA ? app.time.now : by.authenticatedAt },
    { approvalId: id, digest, decision: 'approve', way: 'page', ...change },
  );

/** The same, of somebody who has signed in just now, and must count. */
export const decided = async (
  app: App,
  approval: Pick<Approval, 'id' | 'digest'>,
  change: Parameters<typeof decide>[2] = {},
): Promise<Approval> => {
  const by = { ...(change?.by ?? DORA), authenticatedAt: app.time.now };
  const answer = await decide(app, approval, { ...change, by });
  assert.ok(answer.ok, answer.ok ? '' : answer.failure.code);
  return answer.value;
};

/** Everything that stands in one chain, which must hold together and end where its state says. */
export const eventsIn = async (app: App, chain: string): Promise<readonly AuditEvent[]> => {
  const entries = await Array.fromAsync(app.deps.store.readChain(chain));
  const state = chain.startsWith('a_')
    ? await app.deps.store.readApproval(chain)
    : await app.deps.store.readGrant(chain);
  assert.deepEqual(verifyChain(chain, entries, { head: state?.head, receipts: [] }), []);
  return entries.map(({ event }) => event);
};

export const typesIn = async (app: App, chain: string): Promise<readonly string[]> =>
  (await eventsIn(app, chain)).map(({ type }) => type);

export const countIn = async (app: App, chain: string, type: AuditEvent['type']): Promise<number> =>
  (await typesIn(app, chain)).filter((one) => one === type).length;

/** How often it has rung since the calls were last cleared. */
export const alarmsOf = (app: App, what: string): number =>
  app.calls.filter((call) => call === `alarm ${what}`).length;
