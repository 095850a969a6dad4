import type { Approval } from '../core/approval/approval.ts';
import { isDying } from '../core/grant/end-grant.ts';
import type { Grant } from '../core/grant/grant.ts';
import type { Task } from '../core/grant/task.ts';
import { isSameHolder, principalKey } from '../core/identity/principal.ts';
import type { Result } from '../core/result.ts';
import { fail, ok } from '../core/result.ts';
import type { Caller } from './caller.ts';
import type { EndedTaskAnswer } from './end-task.ts';
import type { Clock, Page, Sleep, Store } from './ports.ts';
import type { GrantAnswer } from './request-access.ts';
import { waitUntil } from './wait-until.ts';

export interface ReadDeps {
  readonly store: Pick<
    Store,
    'readGrant' | 'readApproval' | 'readTask' | 'grantsOfTask' | 'listGrants' | 'listTasks'
  >;
  readonly clock: Clock;
  readonly sleep: Sleep;
}

/** The caller's own grant, after at most `waitSeconds` of waiting for it to become active or to be proved dead. */
export const readGrant = async (
  deps: ReadDeps,
  caller: Caller,
  ask: { readonly grantId: string; readonly waitSeconds: number },
): Promise<Result<GrantAnswer & ApprovalRead>> => {
  const read = () => deps.store.readGrant(ask.grantId);
  const first = await read();
  if (!first || !isSameHolder(first.principal, caller.principal)) return fail({ code: 'not_found' });
  const grant = await settled(deps, first, ask.waitSeconds);
  return ok({ grant, receipt: { chain: grant.id, ...grant.head }, approval: await approvalOf(deps, grant) });
};

export interface ApprovalRead {
  readonly approval: Approval | undefined;
}

/** What it waits for, or stood on: one more read where people were asked. */
export const approvalOf = async (
  { store }: { readonly store: Pick<Store, 'readApproval'> },
  { approval }: Grant,
): Promise<Approval | undefined> => (approval === undefined ? undefined : store.readApproval(approval));

/** Waits until a grant is no longer on its way from one state to the next. */
export const settled = (
  deps: Pick<ReadDeps, 'clock' | 'sleep'> & { readonly store: Pick<Store, 'readGrant'> },
  first: Grant,
  waitSeconds: number,
): Promise<Grant> =>
  waitUntil<Grant>(
    {
      first,
      again: async () => (await deps.store.readGrant(first.id)) ?? first,
      isDone: (grant) => !isOnItsWay(grant) && !isDying(grant),
    },
    waitSeconds,
    deps,
  );

const isOnItsWay = ({ state }: Grant): boolean =>
  state === 'preparing' || state === 'activating' || state === 'pending_approval';

/** The caller's own task and everything it holds. */
export const readTask = async (
  deps: ReadDeps,
  caller: Caller,
  taskId: string,
): Promise<Result<EndedTaskAnswer>> => {
  const task = await deps.store.readTask(taskId);
  if (!task || !isSameHolder(task.principal, caller.principal)) return fail({ code: 'not_found' });
  const ids = await deps.store.grantsOfTask(taskId);
  const grants = await Promise.all(ids.map((id) => deps.store.readGrant(id)));
  return ok({
    task,
    receipt: { chain: task.id, ...task.head },
    grants: grants.filter((grant) => grant !== undefined),
  });
};

export const listGrants = (
  deps: ReadDeps,
  caller: Caller,
  cursor: string | undefined,
): Promise<Page<Grant>> => onlyMine(caller, deps.store.listGrants(principalKey(caller.principal), cursor));

export const listTasks = (deps: ReadDeps, caller: Caller, cursor: string | undefined): Promise<Page<Task>> =>
  onlyMine(caller, deps.store.listTasks(principalKey(caller.principal), cursor));

/** The index is by subject alone. A page may hold less than it could. */
const onlyMine = async <T extends Grant | Task>(
  { principal }: Caller,
  page: Promise<Page<T>>,
): Promise<Page<T>> => {
  const { items, next } = await page;
  return { items: items.filter((item) => isSameHolder(item.principal, principal)), next };
};
