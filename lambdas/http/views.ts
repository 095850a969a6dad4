import type * as z from 'zod';
import type { OfferedResource } from '../app/list-resources.ts';
import type { Approval } from '../core/approval/approval.ts';
import type { DeterminingPolicy } from '../core/failure.ts';
import type { Ending, Grant } from '../core/grant/grant.ts';
import type { AccessDecision } from '../core/grant/open-grant.ts';
import type { Task } from '../core/grant/task.ts';
import type { Principal } from '../core/identity/principal.ts';
import { toIso } from '../core/time.ts';
import { approvalView } from './approval-view.ts';
import type * as schemas from './schemas.ts';

type Wire<S extends z.ZodType> = z.input<S>;

const iso = <K extends string>(key: K, at: number | undefined): { [P in K]?: string } =>
  (at === undefined ? {} : { [key]: toIso(at) }) as { [P in K]?: string };

const policies = (determinedBy: readonly DeterminingPolicy[]) =>
  determinedBy.map(({ id, reason }) => (reason === undefined ? { id } : { id, reason }));

/** A grant as its principal sees it. Identity, owners and groups are not repeated: they are the caller's own. */
export const grantView = (
  grant: Grant,
  consoleUrl: string,
  approval?: Approval,
): Wire<typeof schemas.GrantView> => ({
  id: grant.id,
  state: grant.state,
  task: grant.task,
  resource: grant.resource,
  kind: grant.kind,
  action: grant.action,
  ...(grant.profile === undefined ? {} : { profile: grant.profile }),
  rights: grant.rights,
  reason: grant.reason,
  requestedSeconds: grant.requestedSeconds,
  createdAt: toIso(grant.createdAt),
  determinedBy: policies(grant.determinedBy),
  ...(grant.state === 'denied' ? { denial: grant.denial } : {}),
  ...approvalView(consoleUrl, grant, approval),
  ...('activatedAt' in grant ? iso('activatedAt', grant.activatedAt) : {}),
  ...('expiresAt' in grant ? iso('expiresAt', grant.expiresAt) : {}),
  ...('ending' in grant
    ? { endedAt: toIso(grant.endedAt), cause: grant.cause, ending: endingView(grant.ending) }
    : {}),
});

const endingView = (ending: Ending) => {
  if (ending.status === 'none') return { status: ending.status };
  if (ending.status !== 'dead') return { status: ending.status, attempts: ending.attempts };
  const { status, attempts, deadAfterMs, steps } = ending;
  return { status, attempts, deadAfterMs, steps: steps.map((step) => ({ ...step })) };
};

export const taskView = (
  task: Task,
  consoleUrl: string,
  grants?: readonly Grant[],
): Wire<typeof schemas.TaskView> => ({
  id: task.id,
  state: task.state,
  name: task.name,
  createdAt: toIso(task.createdAt),
  ...(task.leaseSeconds === undefined ? {} : { leaseSeconds: task.leaseSeconds }),
  ...(task.state === 'open'
    ? { openUntil: toIso(task.openUntil) }
    : { endedAt: toIso(task.endedAt), cause: task.cause }),
  ...(grants ? { grants: grants.map((grant) => grantView(grant, consoleUrl)) } : {}),
});

export const meView = (principal: Principal): Wire<typeof schemas.MeView> => ({
  principal: {
    issuer: principal.issuer,
    subject: principal.subject,
    type: principal.type,
    name: principal.name,
  },
  listed: principal.listed,
  groups: principal.groups.known ? [...principal.groups.names] : null,
  owners: principal.owners.map((owner) => ({ ...owner })),
  tokenExpiresAt: toIso(principal.tokenExpiresAt),
});

export const resourcesView = (offered: readonly OfferedResource[]): Wire<typeof schemas.ResourcesView> => ({
  resources: offered.map(({ resource, actions }) => ({
    id: resource.id,
    kind: resource.kind,
    description: resource.description,
    env: resource.env,
    actions: actions.map(({ profile, ...action }) => ({
      ...action,
      ...(profile === undefined ? {} : { profile }),
      determinedBy: policies(action.determinedBy),
    })),
  })),
});

export const previewView = (decision: AccessDecision): Wire<typeof schemas.PreviewView> => ({
  dryRun: true,
  effect: decision.effect === 'refuse' ? 'deny' : decision.quorum > 0 ? 'needs_approval' : 'allow',
  quorum: decision.effect === 'refuse' ? 0 : decision.quorum,
  ...(decision.effect === 'refuse' ? { denial: decision.denial } : {}),
  determinedBy: policies(decision.determinedBy),
});
