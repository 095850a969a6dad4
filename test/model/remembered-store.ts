import type { Commit, DueItem, KeyHolder, Store } from '../../lambdas/app/ports.ts';
import { GENESIS, headOf, receiptOf } from '../../lambdas/core/audit/chain.ts';
import type { AuditEntry } from '../../lambdas/core/audit/entry.ts';
import { grantDueAt, taskDueAt } from '../../lambdas/core/grant/due-at.ts';
import { owesEnding } from '../../lambdas/core/grant/end-grant.ts';
import type { Grant } from '../../lambdas/core/grant/grant.ts';
import { taskOfGrant } from '../../lambdas/core/grant/ids.ts';
import type { Task } from '../../lambdas/core/grant/task.ts';
import { isTaskOpen } from '../../lambdas/core/grant/use-grant.ts';
import { GRANTS_PER_TASK_MAX, SECOND_MS, SWEEP_GRACE_MS } from '../../lambdas/core/limits.ts';
import { SSH_KEY_HELD_SECONDS } from '../../lambdas/core/ssh/limits.ts';
import type { Look } from './world.ts';

const NOBODY = { everything: false, principals: [], tasks: [], resources: [] };

/** As much of the store as lives of grants need, in memory: what the real one stands for is proved on that one, with the same events. */
export const rememberedStore = () => {
  const grants = new Map<string, Grant>();
  const tasks = new Map<string, Task>();
  const counts = new Map<string, number>();
  const chains = new Map<string, AuditEntry[]>();
  const revocations = new Map<string, number>();
  const waits = new Map<string, string>();
  const keyHolders = new Map<string, KeyHolder>();
  const append = (entry: AuditEntry) => chains.set(entry.chain, [...(chains.get(entry.chain) ?? []), entry]);
  const isNext = (stored: { readonly version: number } | undefined, next: { readonly version: number }) =>
    (stored?.version ?? 0) === next.version - 1;

  const holds = ({ grants: nextGrants = [], tasks: nextTasks = [], ...when }: Commit): boolean =>
    nextGrants.every(
      (next) => isNext(grants.get(next.id), next) && isStillActive(grants.get(next.id), when),
    ) &&
    nextTasks.every((next) => isNext(tasks.get(next.id), next)) &&
    [when.openTask, when.standingTask].every((one) => !one || isTaskOpen(tasks.get(one.id), one.at)) &&
    mayHoldKey(when) &&
    (!when.openTask || (counts.get(when.openTask.id) ?? 0) < GRANTS_PER_TASK_MAX);

  const mayHoldKey = ({ keyHold }: Pick<Commit, 'keyHold'>): boolean => {
    const holder = keyHold && keyHolders.get(keyHold.fingerprint);
    return !holder || holder.grant === keyHold.grant.id || holder.until < keyHold.at;
  };

  const due = (): readonly (DueItem & { readonly at: number })[] => [
    ...[...grants.values()].flatMap((grant) => dueItem('grant', grant.id, grantDueAt(grant))),
    ...[...tasks.values()].flatMap((task) => dueItem('task', task.id, taskDueAt(task))),
    ...[...revocations].flatMap(([id, at]) => dueItem('revocation', id, at + SWEEP_GRACE_MS)),
  ];
  const systemHead = (chain: string) => {
    const entry = chains.get(chain)?.at(-1);
    return { head: entry ? headOf(entry) : GENESIS, entry };
  };
  const never = (): never => {
    throw new TypeError('no life of a grant asks for this');
  };

  const store: Store = {
    readForUse: async (id, keyFingerprint = '') => ({
      keyHolder: keyHolders.get(keyFingerprint),
      grant: grants.get(id),
      task: tasks.get(taskOfGrant(id)),
      containment: NOBODY,
      isRevoked: revocations.has(id),
    }),
    readForRequest: async ({ taskId }) => ({
      task: tasks.get(taskId),
      grantCount: counts.get(taskId) ?? 0,
      containment: NOBODY,
      earlier: undefined,
    }),
    readGrant: async (id) => grants.get(id),
    readTask: async (id) => tasks.get(id),
    async commit(change) {
      if (!holds(change)) return 'lost';
      for (const grant of change.grants ?? []) grants.set(grant.id, grant);
      for (const task of change.tasks ?? []) tasks.set(task.id, task);
      const joined = change.openTask?.id;
      if (joined !== undefined) counts.set(joined, (counts.get(joined) ?? 0) + 1);
      const { keyHold: hold } = change;
      if (hold) keyHolders.set(hold.fingerprint, { grant: hold.grant.id, until: heldUntil(hold) });
      change.entries.forEach(append);
      return 'committed';
    },
    async saveRevocation({ grant, at }) {
      if (!revocations.has(grant)) revocations.set(grant, at);
    },
    grantsOfTask: async (id) =>
      [...grants.values()].filter(({ task }) => task === id).map((grant) => grant.id),
    due: async (until) => due().filter(({ at }) => at <= until),
    owed: async () => due().filter(({ id }) => isOwed(grants.get(id))),
    saveWaitToken: async (id, token) => void waits.set(id, token),
    readWaitToken: async (id) => waits.get(id),
    readSystemHead: async (chain) => systemHead(chain),
    async appendSystem(chain, make) {
      const entry = make(systemHead(chain).head);
      append(entry);
      return receiptOf(entry);
    },
    async *readChain(chain) {
      yield* chains.get(chain) ?? [];
    },
    readIdempotency: async () => undefined,
    readForRun: never,
    readRunForUse: never,
    readApproval: never,
    listApprovals: never,
    readLastApproved: never,
    readRun: never,
    listGrants: never,
    listTasks: never,
  };
  const look = async (): Promise<Look> => ({
    grants: new Map(grants),
    tasks: new Map(tasks),
    dueAt: new Map(due().flatMap(({ kind, id, at }) => (kind === 'revocation' ? [] : [[id, at]]))),
  });
  return { store, look, close: async () => undefined };
};

const isStillActive = (stored: Grant | undefined, { activeGrant }: Pick<Commit, 'activeGrant'>): boolean =>
  !activeGrant || (stored?.state === 'active' && stored.expiresAt > activeGrant.at);

const heldUntil = ({ grant }: NonNullable<Commit['keyHold']>): number =>
  grant.expiresAt + SSH_KEY_HELD_SECONDS * SECOND_MS;

const isOwed = (grant: Grant | undefined): boolean => grant !== undefined && owesEnding(grant);

const dueItem = (kind: 'grant' | 'task' | 'revocation', id: string, at: number | undefined) =>
  at === undefined ? [] : [{ kind, id, at }];
