import type { AuditEntry } from '../../lambdas/core/audit/entry.ts';
import type { Grant } from '../../lambdas/core/grant/grant.ts';
import type { Task } from '../../lambdas/core/grant/task.ts';
import { isTaskOpen } from '../../lambdas/core/grant/use-grant.ts';

interface Change {
  readonly grant?: Grant;
  readonly task?: Task;
  readonly entry: AuditEntry;
  /** Refused unless this task stands. */
  readonly standing?: { readonly task: string; readonly at: number };
  /** Refused while this key is another grant's. */
  readonly key?: string | undefined;
}

/** State and trail in memory. They change together, and only from the version that was read. */
export const coreTables = () => {
  const grants = new Map<string, Grant>();
  const tasks = new Map<string, Task>();
  const chains = new Map<string, AuditEntry[]>();
  /** When a person has said that it ends. */
  const revoked = new Map<string, number>();
  const waits = new Set<string>();
  /** Whose each key is, for good. */
  const keys = new Map<string, string>();
  const isNext = (stored: { readonly version: number } | undefined, next: { readonly version: number }) =>
    (stored?.version ?? 0) === next.version - 1;
  return {
    grants,
    tasks,
    chains,
    revoked,
    waits,
    keys,
    async commit({ grant, task, entry, standing, key }: Change): Promise<'committed' | 'lost'> {
      if (grant && !isNext(grants.get(grant.id), grant)) return 'lost';
      if (task && !isNext(tasks.get(task.id), task)) return 'lost';
      if (standing && !isTaskOpen(tasks.get(standing.task), standing.at)) return 'lost';
      if (grant && key !== undefined && (keys.get(key) ?? grant.id) !== grant.id) return 'lost';
      if (grant && key !== undefined) keys.set(key, grant.id);
      if (grant) grants.set(grant.id, grant);
      if (task) tasks.set(task.id, task);
      chains.set(entry.chain, [...(chains.get(entry.chain) ?? []), entry]);
      return 'committed';
    },
  };
};

export type CoreTables = ReturnType<typeof coreTables>;
