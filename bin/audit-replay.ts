import type { Store, TaskVault, Vaults } from '../lambdas/app/ports.ts';
import { type RunAsked, type RunResult, requestName, resultName } from '../lambdas/app/run-payload.ts';
import type { AuditEntry } from '../lambdas/core/audit/entry.ts';
import type { AuditEvent } from '../lambdas/core/audit/event.ts';

export interface ReplaySource {
  readonly store: Pick<Store, 'grantsOfTask' | 'readChain'>;
  readonly vaults: Pick<Vaults, 'find'>;
}

/** One entry of a task's trail, with what the vault still keeps of it. `erased`: there was something, and nobody can read it any more. */
export interface Scene {
  readonly entry: AuditEntry;
  readonly asked?: RunAsked;
  readonly result?: RunResult;
  readonly erased?: true;
}

/** Everything that happened in one task, in order of time: its own chain, those of its grants, and of what people were asked about them. */
export const scenesOf = async (source: ReplaySource, task: string): Promise<readonly Scene[]> => {
  const chains = [task, ...(await source.store.grantsOfTask(task))];
  const timed = (await Promise.all(chains.map((chain) => readTimed(source, chain)))).flat();
  const approvals = new Set(timed.flatMap(({ entry }) => approvalsIn(entry.event)));
  for (const chain of approvals) timed.push(...(await readTimed(source, chain)));
  const vault = await source.vaults.find(task);
  const scenes: Scene[] = [];
  for (const { entry } of timed.toSorted(byTime)) scenes.push(await sceneOf(entry, vault));
  return scenes;
};

const readTimed = async ({ store }: ReplaySource, chain: string): Promise<readonly Timed[]> => {
  const timed: Timed[] = [];
  let notBefore = 0;
  for await (const entry of store.readChain(chain)) {
    notBefore = Math.max(notBefore, entry.at);
    timed.push({ entry, notBefore });
  }
  return timed;
};

/** What a grant or a run has waited for is named where it begins to wait, and a plan where it was asked for. */
const approvalsIn = (event: AuditEvent): readonly string[] => {
  switch (event.type) {
    case 'grant.requested':
    case 'grant.held':
    case 'run.requested':
    case 'run.held':
    case 'plan.requested':
      return event.approval === null ? [] : [event.approval];
    default:
      return [];
  }
};

/** Clocks of functions differ, and entries of one chain stay in their order whatever the clocks said. */
interface Timed {
  readonly entry: AuditEntry;
  /** The latest time that its chain had told by then. */
  readonly notBefore: number;
}

const byTime = (a: Timed, b: Timed): number =>
  a.notBefore - b.notBefore || a.entry.chain.localeCompare(b.entry.chain) || a.entry.seq - b.entry.seq;

const sceneOf = async (entry: AuditEntry, vault: TaskVault | undefined): Promise<Scene> => {
  const { event } = entry;
  if (event.type === 'run.requested') {
    const content = await vault?.get(requestName(event.run), event.requestHash);
    return content === undefined ? { entry, erased: true } : { entry, asked: JSON.parse(content) };
  }
  if (event.type === 'run.ended' && event.resultHash !== null) {
    const content = await vault?.get(resultName(event.run, event.durationMs !== null), event.resultHash);
    return content === undefined ? { entry, erased: true } : { entry, result: JSON.parse(content) };
  }
  return { entry };
};
