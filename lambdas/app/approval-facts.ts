import type { Approval, Granted } from '../core/approval/approval.ts';
import { everybody, offersOf } from '../core/approval/consent.ts';
import { statementText } from '../core/approval/digest.ts';
import type { Resource } from '../core/config/resource.ts';
import type { Grant } from '../core/grant/grant.ts';
import type { ContainmentRegister } from '../core/grant/use-grant.ts';
import { isActiveNow, isContained, isTaskOpen } from '../core/grant/use-grant.ts';
import { principalKey } from '../core/identity/principal.ts';
import { answerWith, type Policy, type PolicyCase } from '../core/policy/decide-access.ts';
import { type Budgets, NOTHING_USED } from '../core/run/budget.ts';
import type { Run } from '../core/run/run.ts';
import { runFacts } from '../core/run/run-facts.ts';
import { classify } from '../core/sql/classify.ts';
import type { EpochMs } from '../core/time.ts';
import { findTarget } from './find-target.ts';
import type { Store, TaskVault, UseRead, Vaults } from './ports.ts';
import { type PlanAsked, readAsked, readPlan } from './run-payload.ts';

export interface FactsDeps {
  readonly store: Pick<Store, 'readForUse' | 'readRunForUse'>;
  readonly vaults: Pick<Vaults, 'find'>;
  readonly loadParser: () => Promise<void>;
  readonly resources: readonly Resource[];
}

/** What an approval is about, as it stands now. */
export interface ApprovalFacts {
  readonly grant: Grant | undefined;
  readonly task: UseRead['task'];
  readonly run: Run | undefined;
  readonly resource: Resource | undefined;
  /**
   * The bytes that would be executed; undefined when they were erased. Empty for a grant. `exchanged`: what is kept is not
   * what people are asked about, so nobody is shown it, since what they would consent to is something else.
   */
  readonly statements: readonly PlanAsked[] | 'exchanged' | undefined;
  /** What policy is asked with, for each statement; undefined when the resource or a statement is gone. */
  readonly questions: readonly PolicyCase[] | undefined;
  /** What waits for people still waits, in a task that stands. */
  readonly stands: boolean;
  readonly containment: ContainmentRegister;
}

/** Everything around an approval, of one read, and the statements from the vault of its task. */
export const factsOf = async (deps: FactsDeps, approval: Approval, now: EpochMs): Promise<ApprovalFacts> => {
  const { subject } = approval.asked;
  const { read, run, budgets } = await readAround(deps, approval, now);
  const { grant, task } = read;
  const found = grant && findTarget(deps.resources, grant);
  const resource = typeof found === 'object' ? found : undefined;
  const statements = await statementsOf(deps, approval, run);
  const about = { grant, task, run, resource, statements };
  return {
    ...about,
    questions: await questionsOf(deps, approval, { ...about, budgets }),
    containment: read.containment,
    stands:
      subject.kind === 'grant' ? grantWaits(read, approval, now) : standsUnder(read, { run, approval }, now),
  };
};

/** Only what policy would let through with everybody's consent: nobody is offered, or gives, what would come to nothing. */
export const offersNow = (
  { policy }: { readonly policy: Policy },
  { approval, facts }: { readonly approval: Approval; readonly facts: ApprovalFacts },
): readonly Granted[] => {
  const { questions, resource } = facts;
  if (!questions || !resource) return [];
  const consent = everybody(policy.groups);
  return offersOf(approval.asked, resource).filter(({ action }) =>
    questions.every((question) => answerWith(policy, { ...question, action }, consent).allowed),
  );
};

const readAround = async (deps: FactsDeps, { asked }: Approval, at: EpochMs) => {
  const { subject, grant: grantId, requester } = asked;
  if (subject.kind !== 'run')
    return { read: await deps.store.readForUse(grantId), run: undefined, budgets: undefined };
  const read = await deps.store.readRunForUse(subject.id, { principalKey: principalKey(requester), at });
  return { read, run: read.run, budgets: read.budgets };
};

const grantWaits = (
  { grant, task, containment, isRevoked }: UseRead,
  approval: Approval,
  now: EpochMs,
): boolean =>
  grant?.state === 'pending_approval' &&
  grant.approval === approval.id &&
  isTaskOpen(task, now) &&
  !isRevoked &&
  !isContained(containment, grant);

const standsUnder = (
  read: UseRead,
  { run, approval }: { readonly run: Run | undefined; readonly approval: Approval },
  now: EpochMs,
): boolean =>
  isActiveNow(read, now) &&
  (approval.asked.subject.kind === 'plan' ||
    (run?.state === 'pending_approval' && run.approval === approval.id));

const statementsOf = async (
  deps: FactsDeps,
  { asked }: Approval,
  run: Run | undefined,
): Promise<ApprovalFacts['statements']> => {
  if (asked.subject.kind === 'grant') return [];
  const vault = await deps.vaults.find(asked.task);
  const kept = asked.subject.kind === 'plan' ? await readPlan(vault, asked) : await readOne(vault, run);
  if (!vault || !kept || kept === 'exchanged') return kept;
  const isSame =
    kept.length === asked.statements.length &&
    kept.every((one, index) => asked.statements[index]?.mac === vault.mac('approval', statementText(one)));
  return isSame ? kept : 'exchanged';
};

const readOne = async (
  vault: TaskVault | undefined,
  run: Run | undefined,
): Promise<ApprovalFacts['statements']> => {
  const one = run && (await readAsked(vault, run));
  return one && one !== 'exchanged' ? [{ ...one, maxRows: run.maxRows, times: 1 }] : one;
};

const questionsOf = async (
  deps: FactsDeps,
  { asked, found }: Approval,
  about: Pick<ApprovalFacts, 'grant' | 'run' | 'resource' | 'statements'> & {
    readonly budgets: Budgets | undefined;
  },
): Promise<readonly PolicyCase[] | undefined> => {
  const { resource, statements, budgets } = about;
  if (!resource || !statements || statements === 'exchanged') return undefined;
  const question = {
    principal: asked.requester,
    groups: asked.groups,
    action: asked.action,
    resource,
    durationSeconds: asked.seconds,
  };
  if (statements.length === 0) return [question];
  await deps.loadParser();
  const understood = statements.map(({ sql }) => classify(sql));
  if (!understood.every(({ ok }) => ok)) return undefined;
  // With the target's estimate, where there is one: it can make policy ask for more people than the statement alone.
  const estimateOf = (index: number) => found?.estimatedRows[index] ?? undefined;
  return understood.flatMap((one, index) =>
    one.ok ? [{ ...question, run: runFacts(one.value, budgets ?? UNUSED, estimateOf(index)) }] : [],
  );
};

const UNUSED: Budgets = { task: NOTHING_USED, principal: NOTHING_USED };
