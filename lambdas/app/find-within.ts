import type { Approval, GrantedApproval, PendingApproval } from '../core/approval/approval.ts';
import { isOpen } from '../core/approval/approval-life.ts';
import type { ContainmentScope } from '../core/containment/containment.ts';
import { CONTAINMENT_CONCURRENCY } from '../core/containment/limits.ts';
import { registerOf } from '../core/containment/register.ts';
import { owesEnding } from '../core/grant/end-grant.ts';
import type { EndedGrant, Grant, OpenGrant } from '../core/grant/grant.ts';
import { isOver } from '../core/grant/grant.ts';
import type { OpenTask, Task } from '../core/grant/task.ts';
import { isContained } from '../core/grant/use-grant.ts';
import { principalKey } from '../core/identity/principal.ts';
import { isSettled, type OpenRun, type Run } from '../core/run/run.ts';
import { inTurns } from './in-turns.ts';
import type { DueItem, Store } from './ports.ts';

export interface FindWithinDeps {
  readonly store: Pick<Store, 'due' | 'readTask' | 'readGrant' | 'readRun' | 'readApproval' | 'grantsOfTask'>;
}

/** What lives within a scope, and what is over and not proved dead. */
export interface Within {
  readonly tasks: readonly OpenTask[];
  readonly grants: readonly (OpenGrant | EndedGrant)[];
  readonly runs: readonly OpenRun[];
  readonly plans: readonly (PendingApproval | GrantedApproval)[];
}

/**
 * Found by the index of what is due, in which everything stands that lives or is owed, and asked of each thing itself by the
 * same question that refuses its use. A task's own grants are found in its partition, where no index can lag.
 */
export const findWithin = async (
  deps: FindWithinDeps,
  scope: ContainmentScope,
  kinds: readonly DueItem['kind'][] = ['task', 'grant', 'run', 'approval'],
): Promise<Within> => {
  const found = { tasks: [], grants: [], runs: [], plans: [] };
  const items = [...(await deps.store.due(Number.MAX_SAFE_INTEGER)), ...(await itemsOfTask(deps, scope))];
  const wanted = distinct(items).filter(({ kind }) => kinds.includes(kind));
  await inTurns(wanted, CONTAINMENT_CONCURRENCY, (item) => LOOKS[item.kind]({ deps, scope, found }, item.id));
  return found;
};

const itemsOfTask = async (
  { store }: FindWithinDeps,
  { kind, key }: ContainmentScope,
): Promise<readonly DueItem[]> => {
  if (kind !== 'task') return [];
  const grants = await store.grantsOfTask(key);
  return [{ kind, id: key }, ...grants.map((id) => ({ kind: 'grant' as const, id }))];
};

const distinct = (items: readonly DueItem[]): readonly DueItem[] => [
  ...new Map(items.map((item) => [`${item.kind} ${item.id}`, item])).values(),
];

interface Look {
  readonly deps: FindWithinDeps;
  readonly scope: ContainmentScope;
  readonly found: {
    readonly tasks: OpenTask[];
    readonly grants: (OpenGrant | EndedGrant)[];
    readonly runs: OpenRun[];
    readonly plans: (PendingApproval | GrantedApproval)[];
  };
}

const LOOKS: Readonly<Record<DueItem['kind'], (look: Look, id: string) => Promise<void>>> = {
  async task({ deps, scope, found }, id) {
    const task = await deps.store.readTask(id);
    if (task?.state === 'open' && isTaskWithin(scope, task)) found.tasks.push(task);
  },
  async grant({ deps, scope, found }, id) {
    const grant = await deps.store.readGrant(id);
    if (grant && isWanted(grant) && isContained(registerOf(scope), grant)) found.grants.push(grant);
  },
  async run({ deps, scope, found }, id) {
    const run = await deps.store.readRun(id);
    if (run && isOpenRun(run) && isContained(registerOf(scope), run)) found.runs.push(run);
  },
  async approval({ deps, scope, found }, id) {
    const approval = await deps.store.readApproval(id);
    if (approval && isOpen(approval) && isPlanWithin(scope, approval)) found.plans.push(approval);
  },
  // Of a grant, which stands in the index itself.
  revocation: async () => undefined,
};

const isWanted = (grant: Grant): grant is OpenGrant | EndedGrant => !isOver(grant) || owesEnding(grant);

const isOpenRun = (run: Run): run is OpenRun => run.state !== 'denied' && !isSettled(run);

/** Whose task it is decides, and not what it holds: a resource that is stopped ends no task. */
export const isTaskWithin = (
  { kind, key }: ContainmentScope,
  task: Pick<Task, 'id' | 'principal'>,
): boolean => {
  if (kind === 'everything') return true;
  return kind === 'task' ? task.id === key : kind === 'principal' && principalKey(task.principal) === key;
};

/** What a grant or a run waits for is closed with that. */
const isPlanWithin = (scope: ContainmentScope, { asked }: Approval): boolean =>
  asked.subject.kind === 'plan' &&
  isContained(registerOf(scope), {
    principal: asked.requester,
    task: asked.task,
    resource: asked.resource,
  });
