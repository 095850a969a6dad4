import { CONTAINMENTS } from '../../lambdas/adapters/dynamo/items.ts';
import { endAccess } from '../../lambdas/app/end-access.ts';
import type { Clock, Store } from '../../lambdas/app/ports.ts';
import type { Containments } from '../../lambdas/app/ports-of-containment.ts';
import { sweepContainment } from '../../lambdas/app/sweep-containment.ts';
import type { ResourceKind } from '../../lambdas/core/config/resource.ts';
import type { Containment } from '../../lambdas/core/containment/containment.ts';
import type { Grant } from '../../lambdas/core/grant/grant.ts';
import type { Task } from '../../lambdas/core/grant/task.ts';
import type { JsonObject } from '../../local/aws-json.ts';
import { isJsonObject } from '../../local/aws-json.ts';
import { type QuickTables, quickTables } from '../support/quick-tables.ts';
import { appDeps, CONTEXT, performInApp, runWorkflow } from './app-life.ts';
import { type Gate, processes } from './processes.ts';
import { rememberedContainments } from './remembered-containments.ts';
import { rememberedStore } from './remembered-store.ts';
import { newScene, type Signal } from './scene.ts';
import type { Look, World } from './world.ts';

const OPEN_GATE: Gate = { pass: (act) => act(), wrap: (port) => port };

/** What is stored, wherever. */
interface Tables {
  readonly store: Store;
  readonly containments: Containments;
  readonly look: () => Promise<Look>;
  readonly close: () => Promise<void>;
}

/** The same events on the use cases, with a store in memory: for thousands of sequences. */
export const appWorld = (kinds: readonly ResourceKind[]): Promise<World> => worldOn(kinds, rememberedTables);

const rememberedTables = (): Tables => {
  const { containments, chain, register, all } = rememberedContainments();
  const { store, look, close } = rememberedStore({ register, chain });
  return { store, containments, close, look: async () => ({ ...(await look()), containments: all() }) };
};

/** The same on the real store. */
export const storedWorld = (kinds: readonly ResourceKind[]): Promise<World> =>
  worldOn(kinds, async (clock) => {
    const { items, ...tables } = await quickTables(clock);
    return { ...tables, look: async () => lookAt(await items()) };
  });

const worldOn = async (
  kinds: readonly ResourceKind[],
  newTables: (clock: Clock) => Tables | Promise<Tables>,
): Promise<World> => {
  const scene = newScene(kinds);
  const tables = await newTables(scene.clock);
  const beside = () => appDeps(scene, tables, OPEN_GATE);
  const work = async () => {
    for (let next = scene.signals.shift(); next; next = scene.signals.shift()) await follow(beside(), next);
  };
  const { begin, paused } = processes(scene.clock, work);
  const world: World = {
    ...scene.around,
    paused,
    perform: (deed, interruption) =>
      begin(deed, interruption, (gate) => performInApp(appDeps(scene, tables, gate), beside(), deed, gate)),
    look: tables.look,
    trail: (chain) => Array.fromAsync(tables.store.readChain(chain)),
    close: tables.close,
  };
  scene.watchReleases(world.trail);
  // On AWS the schedule has long been running when the first request comes.
  await world.perform({ what: 'sweep' }, undefined);
  return world;
};

/** An activation that fails is an end too. What cannot be ended is tried again by the schedule. */
const follow = async (deps: ReturnType<typeof appDeps>, { about, step }: Signal): Promise<void> => {
  const end = () => endAccess(deps, about, CONTEXT);
  if (step === 'pass') await sweepContainment(deps, about, CONTEXT);
  else await (step === 'activate' ? runWorkflow(deps, about).catch(end) : end());
};

const lookAt = (items: Awaited<ReturnType<QuickTables['items']>>): Look => {
  const tasks = new Map<string, Task>();
  const grants = new Map<string, Grant>();
  const dueAt = new Map<string, number>();
  const containments = new Map<string, Containment>();
  for (const item of items) {
    const [sort, body] = [attributeOf(item, 'sk', 'S'), attributeOf(item, 'body', 'S')];
    const states = statesOf(sort, attributeOf(item, 'pk', 'S'));
    if (!states || body === '') continue;
    const state = JSON.parse(body);
    ({ tasks, grants, containments })[states].set(state.id, state);
    const at = attributeOf(item, 'dueAt', 'N');
    // Both are needed to be in the index.
    if (at !== '' && attributeOf(item, 'due', 'S') !== '') dueAt.set(state.id, Number(at));
  }
  return { tasks, grants, dueAt, containments };
};

const statesOf = (sort: string, partition: string) => {
  if (sort === 'TASK') return 'tasks';
  if (sort.startsWith('GRANT#')) return 'grants';
  return partition === CONTAINMENTS ? 'containments' : undefined;
};

const attributeOf = (item: JsonObject, name: string, type: 'S' | 'N'): string => {
  const value = item[name];
  return isJsonObject(value) ? String(value[type] ?? '') : '';
};
