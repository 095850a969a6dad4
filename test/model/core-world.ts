import { auditTargetOf } from '../../lambdas/app/audit-target.ts';
import type { ResourceKind } from '../../lambdas/core/config/resource.ts';
import { grantDueAt, taskDueAt } from '../../lambdas/core/grant/due-at.ts';
import { owesEnding } from '../../lambdas/core/grant/end-grant.ts';
import type { EndCause, Grant } from '../../lambdas/core/grant/grant.ts';
import { isOver } from '../../lambdas/core/grant/grant.ts';
import { grantId, taskId } from '../../lambdas/core/grant/ids.ts';
import { openGrant } from '../../lambdas/core/grant/open-grant.ts';
import type { EndedTask, Task } from '../../lambdas/core/grant/task.ts';
import { endTask, openTask, renewTask, settleTask } from '../../lambdas/core/grant/task-life.ts';
import { isTaskOpen } from '../../lambdas/core/grant/use-grant.ts';
import { SWEEP_GRACE_MS } from '../../lambdas/core/limits.ts';
import { PRINCIPAL } from '../support/facts.ts';
import { KINDS } from '../support/kinds.ts';
import {
  activate,
  again,
  end,
  endAccess,
  type Life,
  newRandom,
  read,
  refused,
  vend,
  waitForEnd,
  writeGrant,
  writeTask,
} from './core-life.ts';
import { coreTables } from './core-tables.ts';
import { processes } from './processes.ts';
import { newScene, type Signal } from './scene.ts';
import type { Came, Deed, Look, World } from './world.ts';

const DONE: Came = { came: 'done' };

/** Events on the pure core: no table, no port, only the order in which use cases read, decide and write. */
export const coreWorld = async (kinds: readonly ResourceKind[]): Promise<World> => {
  const scene = newScene(kinds);
  const tables = coreTables();
  /** Those whose policies every live grant has been asked by. */
  const config = { digest: scene.digest() };
  const undisturbed: Life = { scene, tables, pass: (act) => act() };
  /** What workflows do by themselves, one after the other. */
  const work = async () => {
    for (let next = scene.signals.shift(); next; next = scene.signals.shift())
      await follow(undisturbed, next);
  };
  const { begin, paused } = processes(scene.clock, work);
  const world: World = {
    ...scene.around,
    paused,
    perform: (deed, interruption) =>
      begin(deed, interruption, ({ pass }) => perform({ scene, tables, pass }, deed, config)),
    look: async () => lookAt(undisturbed),
    trail: async (chain) => tables.chains.get(chain) ?? [],
    close: async () => undefined,
  };
  scene.watchReleases(world.trail);
  return world;
};

const follow = async (life: Life, { grant, step }: Signal): Promise<void> => {
  const end = () => endAccess(life, grant);
  await (step === 'activate' ? runWorkflow(life, grant).catch(end) : end());
};

const runWorkflow = async (life: Life, id: string): Promise<void> => {
  const isActive = await activate(life, id);
  await (isActive ? waitForEnd(life, id) : endAccess(life, id));
};

const lookAt = ({ tables }: Life): Look => ({
  tasks: new Map(tables.tasks),
  grants: new Map(tables.grants),
  dueAt: new Map(
    [
      ...[...tables.tasks.values()].map((task) => [task.id, taskDueAt(task)] as const),
      ...[...tables.grants.values()].map((grant) => [grant.id, grantDueAt(grant)] as const),
    ].flatMap(([id, at]) => (at === undefined ? [] : [[id, at] as const])),
  ),
});

interface Config {
  digest: string;
}

const perform = async (life: Life, deed: Deed, config: Config): Promise<Came> => {
  switch (deed.what) {
    case 'open task':
      return openOne(life, deed.leaseSeconds);
    case 'heartbeat':
      return renew(life, deed.task);
    case 'end task':
      return endWhole(life, deed.task);
    case 'ask':
      return ask(life, deed);
    case 'activate':
      await runWorkflow(life, deed.grant);
      return DONE;
    case 'end access':
      await endAccess(life, deed.grant);
      return DONE;
    case 'vend':
      return vend(life, deed.grant, deed.publicKey);
    case 'release':
      await end(life, deed.grant, 'released_by_principal');
      return DONE;
    case 'revoke':
      return revoke(life, deed.grant);
    default:
      return sweep(life, config);
  }
};

const openOne = async (life: Life, leaseSeconds: number | undefined): Promise<Came> => {
  const id = taskId(newRandom());
  await again(() =>
    writeTask(life, openTask({ id, name: 'a task', leaseSeconds, principal: PRINCIPAL }, life.scene.clock())),
  );
  return { came: 'done', made: id };
};

const readTask = ({ tables, pass }: Life, id: string) => pass(async () => tables.tasks.get(id));

const renew = (life: Life, id: string): Promise<Came> =>
  again(async () => {
    const task = await readTask(life, id);
    const step = task && renewTask(task, life.scene.clock());
    if (!step?.ok) return refused('task_over');
    return (await writeTask(life, step.value)) === 'lost' ? 'lost' : DONE;
  });

const ask = (life: Life, { task: taskOf, kind, seconds }: Extract<Deed, { what: 'ask' }>): Promise<Came> =>
  again(async () => {
    const { scene } = life;
    const task = await readTask(life, taskOf);
    if (!isTaskOpen(task, scene.clock())) return refused('task_over');
    const { resource, action } = KINDS[kind];
    const id = grantId(taskOf, newRandom());
    const request = {
      ...{ id, task: taskOf, resource: resource.id, kind, action, durationSeconds: seconds },
      ...{
        reason: 'why',
        principal: PRINCIPAL,
        policyDigest: scene.digest(),
        target: auditTargetOf(resource, id),
      },
      ...({
        entryGroups: undefined,
        rights: 'connect',
        unmasked: [],
        approval: '',
        approvalSeconds: 60,
      } as const),
    };
    const decision = scene.switches.gives
      ? ({ effect: 'allow', quorum: 0, determinedBy: [], askedBy: [] } as const)
      : ({ effect: 'refuse', denial: 'policy_denied', determinedBy: [] } as const);
    const written = await writeGrant<Grant>(life, openGrant(request, decision, scene.clock()), {
      standing: taskOf,
    });
    if (written === 'lost') return 'lost';
    if (written.state === 'preparing') await life.pass(() => scene.signal(id, 'activate'));
    return { came: 'done', made: id };
  });

const revoke = async (life: Life, id: string): Promise<Came> => {
  const { grant } = await read(life, id);
  if (!grant || isOver(grant)) return refused('over');
  await life.pass(async () => void life.tables.revoked.set(id, life.scene.clock()));
  if (life.tables.waits.has(id)) await life.pass(() => life.scene.signal(id, 'end access'));
  return DONE;
};

/** The tombstone first. */
const endWhole = async (life: Life, id: string): Promise<Came> => {
  const ended = await tombstone(life, id, 'ended_by_principal');
  if (ended) await endGrantsOf(life, ended);
  return DONE;
};

const tombstone = (life: Life, id: string, cause: EndedTask['cause']): Promise<EndedTask | undefined> =>
  again(async () => {
    const task = await readTask(life, id);
    return task?.state === 'open' ? writeTask(life, endTask(task, cause, life.scene.clock())) : task;
  });

const endGrantsOf = async (life: Life, task: EndedTask): Promise<void> => {
  const cause: EndCause = task.cause === 'lease_lost' ? 'lease_lost' : 'task_ended';
  const held = await life.pass(async () =>
    [...life.tables.grants.values()].filter((grant) => grant.task === task.id),
  );
  for (const { id } of held) await end(life, id, cause);
  await again<Task | undefined>(async () => {
    const now = await readTask(life, task.id);
    return now?.state === 'ended' && now.ending === 'pending'
      ? writeTask(life, settleTask(now, held.length))
      : now;
  });
};

/** Whatever is due, on a fresh read of it; then what policy no longer gives. */
const sweep = async (life: Life, config: Config): Promise<Came> => {
  const { scene, tables, pass } = life;
  const now = scene.clock();
  const due = await pass(async () => [...lookAt(life).dueAt].filter(([, at]) => at <= now).map(([id]) => id));
  for (const id of due) await (tables.tasks.has(id) ? sweepTask(life, id) : sweepGrant(life, id));
  for (const [id, at] of tables.revoked)
    if (at + SWEEP_GRACE_MS <= now) await end(life, id, 'revoked_by_person');
  if (config.digest !== scene.digest()) await askAgain(life, config);
  const quarantined = [...tables.grants.values()].filter(
    (grant) => owesEnding(grant) && grant.ending.status === 'quarantined',
  ).length;
  return { came: 'done', swept: { quarantined, failures: 0 } };
};

const sweepTask = async (life: Life, id: string): Promise<void> => {
  const task = await readTask(life, id);
  if (!task || isTaskOpen(task, life.scene.clock())) return;
  const ended = await tombstone(life, id, 'lease_lost');
  if (ended) await endGrantsOf(life, ended);
};

const sweepGrant = async (life: Life, id: string): Promise<void> => {
  const now = life.scene.clock();
  const { grant } = await read(life, id);
  if (!grant) return;
  if (grant.state === 'preparing') {
    if (now >= grant.activateBy) await end(life, id, 'activation_failed');
    else await life.pass(() => life.scene.signal(id, 'activate'));
  } else if (needsEnd(grant, now)) await endAccess(life, id);
};

const needsEnd = (grant: Grant, now: number): boolean =>
  (grant.state === 'activating' && now >= grant.activateBy) ||
  (grant.state === 'active' && now >= grant.expiresAt) ||
  (owesEnding(grant) && 'nextAttemptAt' in grant.ending && now >= grant.ending.nextAttemptAt);

const askAgain = async (life: Life, config: Config): Promise<void> => {
  const { scene, tables, pass } = life;
  const live = await pass(async () => [...tables.grants.values()].filter((grant) => !isOver(grant)));
  if (!scene.switches.gives) for (const { id } of live) await end(life, id, 'policy_changed');
  config.digest = scene.digest();
};
