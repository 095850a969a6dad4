import { isRunAction, type Resource } from '../core/config/resource.ts';
import type { ActiveGrant } from '../core/grant/grant.ts';
import { type ContainmentRegister, checkUse } from '../core/grant/use-grant.ts';
import { principalKey } from '../core/identity/principal.ts';
import { fail, ok, type Result } from '../core/result.ts';
import type { Budgets } from '../core/run/budget.ts';
import { runFacts } from '../core/run/run-facts.ts';
import type { Statement } from '../core/sql/statement.ts';
import type { EpochMs } from '../core/time.ts';
import type { Caller } from './caller.ts';
import { findTarget } from './find-target.ts';
import type { Clock, IdempotencyRecord, Store, TaskVault, Vaults } from './ports.ts';

export interface RunGrantDeps {
  readonly store: Pick<Store, 'readForRun'>;
  readonly vaults: Pick<Vaults, 'open'>;
  readonly resources: readonly Resource[];
  readonly clock: Clock;
}

/** A grant in use by its holder, and everything that a statement under it is decided on. */
export interface RunGrant {
  readonly caller: Caller;
  readonly grant: ActiveGrant;
  readonly resource: Resource;
  readonly budgets: Budgets;
  readonly containment: ContainmentRegister;
  readonly vault: TaskVault;
  /** What the same idempotency key made before. */
  readonly earlier: IdempotencyRecord | undefined;
  readonly now: EpochMs;
}

/** For one statement and for a plan of several: no statement comes near policy by another way. */
export const findRunGrant = async (
  deps: RunGrantDeps,
  caller: Caller,
  ask: { readonly grantId: string; readonly idempotencyKey: string | undefined },
): Promise<Result<RunGrant>> => {
  const { principal } = caller;
  const now = deps.clock();
  const { grantId, idempotencyKey } = ask;
  const me = principalKey(principal);
  const read = await deps.store.readForRun({ grantId, principalKey: me, idempotencyKey, at: now });
  const use = checkUse({ ...read, principal }, now);
  if (!use.ok) return use;
  const grant = use.value;
  if (!isRunAction(grant.action)) return fail({ code: 'not_a_run' });
  const resource = findTarget(deps.resources, grant);
  if (typeof resource === 'string') return fail({ code: 'grant_over', state: `resource_${resource}` });
  const vault = await deps.vaults.open(grant.task);
  const { budgets, containment, earlier } = read;
  return ok({ caller, grant, resource, budgets, containment, vault, earlier, now });
};

/** What policy is asked of one statement, before the target has estimated it. */
export const questionOf = (
  { grant, resource, budgets }: Pick<RunGrant, 'grant' | 'resource' | 'budgets'>,
  statement: Statement,
) => ({ ...grant, resource, durationSeconds: grant.requestedSeconds, run: runFacts(statement, budgets) });

/** Whose counters move, none of them yet. */
export const usageOf = ({ grant, caller, now }: Pick<RunGrant, 'grant' | 'caller' | 'now'>) => ({
  task: grant.task,
  principalKey: principalKey(caller.principal),
  at: now,
  runs: 0,
  rows: 0,
  bytes: 0,
  failures: 0,
});
