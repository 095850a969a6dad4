import { type EndTaskDeps, endTask } from '../app/end-task.ts';
import { listResources } from '../app/list-resources.ts';
import { openTask, type TaskDeps } from '../app/open-task.ts';
import { previewAccess } from '../app/preview-access.ts';
import { type ApprovalRead, approvalOf, settled } from '../app/read-mine.ts';
import { type ReleaseDeps, releaseGrant } from '../app/release-grant.ts';
import { type RenewDeps, renewTask } from '../app/renew-task.ts';
import { type GrantAnswer, type RequestDeps, requestAccess } from '../app/request-access.ts';
import { owesEnding } from '../core/grant/end-grant.ts';
import type { Grant } from '../core/grant/grant.ts';
import { POLL_RETRY_AFTER_SECONDS, UNATTENDED_GRANT_MAX_SECONDS } from '../core/limits.ts';
import { ok, type Result } from '../core/result.ts';
import type { Call, Handlers, Reply } from './operations.ts';
import { type PlanDeps, planHandlers } from './plan-operations.ts';
import { problemOfDenial } from './problem.ts';
import { type RunDeps, runHandlers } from './run-operations.ts';
import { grantView, meView, previewView, resourcesView, taskView } from './views.ts';

export type ApiOperation =
  | 'whoAmI'
  | 'listResources'
  | 'openTask'
  | 'renewTask'
  | 'endTask'
  | 'requestAccess'
  | 'requestRun'
  | 'cancelRun'
  | 'requestPlan'
  | 'endPlan'
  | 'releaseGrant';

export type ApiDeps = RequestDeps & TaskDeps & RenewDeps & EndTaskDeps & ReleaseDeps & RunDeps & PlanDeps;

/** The control plane: asks policy, writes state and trail, starts and signals workflows. Reaches no target. */
export const apiHandlers = (deps: ApiDeps): Handlers<ApiOperation> => ({
  ...runHandlers(deps),
  ...planHandlers(deps),
  whoAmI: async ({ caller }) => ok({ status: 200, body: meView(caller.principal) }),
  listResources: async ({ caller }) =>
    ok({ status: 200, body: resourcesView(listResources(deps, caller.principal)) }),
  async openTask({ caller, body, idempotencyKey }) {
    const opened = await openTask(deps, caller, { request: body, idempotencyKey });
    if (!opened.ok) return opened;
    const { task, receipt } = opened.value;
    return ok({
      status: 201,
      body: taskView(task, deps.consoleUrl),
      headers: { Location: `/v1/tasks/${task.id}` },
      receipt,
    });
  },
  async renewTask({ caller, path }) {
    const renewed = await renewTask(deps, caller, path.id);
    if (!renewed.ok) return renewed;
    return ok({
      status: 200,
      body: taskView(renewed.value.task, deps.consoleUrl),
      receipt: renewed.value.receipt,
    });
  },
  async endTask({ caller, path }) {
    const ended = await endTask(deps, caller, path.id);
    if (!ended.ok) return ended;
    const { task, grants, receipt } = ended.value;
    const isDone = !grants.some(owesEnding);
    return ok({
      ...endedReply(isDone, `/v1/tasks/${task.id}`),
      body: taskView(task, deps.consoleUrl, grants),
      receipt,
    });
  },
  requestAccess: (call) =>
    call.query.dryRun === 'true' ? answerPreview(deps, call) : answerRequest(deps, call),
  async releaseGrant({ caller, path }) {
    const released = await releaseGrant(deps, caller, path.id);
    if (!released.ok) return released;
    const { grant, receipt } = released.value;
    return ok({
      ...endedReply(!owesEnding(grant), `/v1/grants/${grant.id}`),
      body: grantView(grant, deps.consoleUrl, await approvalOf(deps, grant)),
      receipt,
    });
  },
});

/** `200` with the proof; `202` when it is still owed, in quarantine too, with the place to look. */
const endedReply = (isDone: boolean, location: string): Pick<Reply, 'status' | 'headers'> =>
  isDone ? { status: 200 } : { status: 202, headers: waitHeaders(location) };

const waitHeaders = (location: string) => ({
  Location: location,
  'Retry-After': String(POLL_RETRY_AFTER_SECONDS),
});

const answerPreview = async (
  deps: ApiDeps,
  { caller, body }: Call<'requestAccess'>,
): Promise<Result<Reply>> => {
  const preview = await previewAccess(deps, caller, body);
  if (!preview.ok) return preview;
  return ok({ status: 200, body: previewView(preview.value.decision), receipt: preview.value.receipt });
};

const answerRequest = async (deps: ApiDeps, call: Call<'requestAccess'>): Promise<Result<Reply>> => {
  const { caller, body, idempotencyKey } = call;
  const answer = await requestAccess(deps, caller, { request: body, idempotencyKey });
  if (!answer.ok) return answer;
  // Only machines are waited for here: a poll for people belongs to `reader`, which has places of its own.
  const isForPeople = answer.value.grant.state === 'pending_approval';
  const grant = await settled(deps, answer.value.grant, isForPeople ? 0 : call.waitSeconds);
  // The receipt is of what is shown: the grant may have moved on while it was waited for.
  const approval = await approvalOf(deps, grant);
  const receipt = { chain: grant.id, ...grant.head };
  return ok(grantReply(deps, call, { grant, receipt, approval }));
};

const grantReply = (
  { resources, consoleUrl }: Pick<ApiDeps, 'resources' | 'consoleUrl'>,
  call: Call<'requestAccess'>,
  { grant, receipt, approval }: GrantAnswer & ApprovalRead,
): Reply => {
  if (grant.state === 'denied')
    return denialReply({ resources, consoleUrl }, call, { grant, receipt, approval });
  const location = `/v1/grants/${grant.id}`;
  const body = grantView(grant, consoleUrl, approval);
  return isWaiting(grant)
    ? { status: 202, body, headers: waitHeaders(location), receipt }
    : { status: 201, body, headers: { Location: location }, receipt };
};

const isWaiting = ({ state }: Grant): boolean =>
  state === 'pending_approval' || state === 'preparing' || state === 'activating';

const denialReply = (
  { resources, consoleUrl }: Pick<ApiDeps, 'resources' | 'consoleUrl'>,
  call: Call<'requestAccess'>,
  { grant, receipt, approval }: GrantAnswer & ApprovalRead & { grant: Extract<Grant, { state: 'denied' }> },
): Reply => {
  const max = resources.find(({ id }) => id === grant.resource)?.maxDurationSeconds ?? 0;
  const maxSeconds = grant.requestedSeconds > max ? max : UNATTENDED_GRANT_MAX_SECONDS;
  const { requestId } = call.caller;
  const problem = problemOfDenial({ grant, approval }, { requestId, consoleUrl, maxSeconds });
  return {
    status: problem.status,
    body: problem,
    contentType: 'application/problem+json',
    headers: { Location: `/v1/grants/${grant.id}` },
    receipt,
  };
};
