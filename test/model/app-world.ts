import { endAccess } from '../../lambdas/app/end-access.ts';
import type { Clock, Store } from '../../lambdas/app/ports.ts';
import type { ResourceKind } from '../../lambdas/core/config/resource.ts';
import type { Grant } from '../../lambdas/core/grant/grant.ts';
import type { Task } from '../../lambdas/core/grant/task.ts';
import type { JsonObject } from '../../local/aws-json.ts';
import { isJsonObject } from '../../local/aws-json.ts';
import { type QuickTables, quickTables } from '../support/quick-tables.ts';
import { appDeps, CONTEXT, performInApp, runWorkflow } from './app-life.ts';
import { type Gate, processes } from './processes.ts';
import { rememberedStore } from './remembered-store.ts';
import { newScene, type Signal } from './scene.ts';
import type { Look, World } from './world.ts';

const OPEN_GATE: Gate = { pass: (act) => act(), wrap: (port) => port };

/** What is stored, wherever. */
interface Tables {
  readonly store: Store;
  readonly look: () => Promise<Look>;
  readonly close: () => Promise<void>;
}

/** The same events on the use cases, with a store in memory: for thousands of sequences. */
export const appWorld = (kinds: readonly ResourceKind[]): Promise<World> => worldOn(kinds, rememberedStore);

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
  const beside = () => appDeps(scene, tables.store, OPEN_GATE);
  const work = async () => {
    for (let next = scene.signals.shift(); next; next = scene.signals.shift()) await follow(beside(), next);
  };
  const { begin, paused } = processes(scene.clock, work);
  const world: World = {
    ...scene.around,
    paused,
    perform: (deed, interruption) =>
      begin(deed, interruption, (gate) =>
        performInApp(appDeps(scene, tables.store, gate), beside(), deed, gate),
      ),
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
const follow = async (deps: ReturnType<typeof appDeps>, { grant, step }: Signal): Promise<void> => {
  const end = () => endAccess(deps, grant, CONTEXT);
  await (step === 'activate' ? runWorkflow(deps, grant).catch(end) : end());
};

const lookAt = (items: Awaited<ReturnType<QuickTables['items']>>): Look => {
  const tasks = new Map<string, Task>();
  const grants = new Map<string, Grant>();
  const dueAt = new Map<string, number>();
  for (const item of items) {
    const [sort, body] = [attributeOf(item, 'sk', 'S'), attributeOf(item, 'body', 'S')];
    const states = sort === 'TASK' ? tasks : sort.startsWith('GRANT#') ? grants : undefined;
    if (!states) continue;
    const state = JSON.parse(body);
    states.set(state.id, state);
    const at = attributeOf(item, 'dueAt', 'N');
    // Both are needed to be in the index.
    if (at !== '' && attributeOf(item, 'due', 'S') !== '') dueAt.set(state.id, Number(at));
  }
  return { tasks, grants, dueAt };
};

const attributeOf = (item: JsonObject, name: string, type: 'S' | 'N'): string => {
  const value = item[name];
  return isJsonObject(value) ? String(value[type] ?? '') : '';
};
