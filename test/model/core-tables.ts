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
}

/** State and trail in memory. They change together, and only from the version that was read. */
export const coreTables = () => {
  const grants = new Map<string, Grant>();
  const tasks = new Map<string, Task>();
  const chains = new Map<string, AuditEntry[]>();
  /** When a person has said that it ends. */
  const revoked = new Map<string, number>();
  const waits = new Set<string>();
  const isNext = (stored: { readonly version: number } | undefined, next: { readonly version: number }) =>
    (stored?.version ?? 0) === next.version - 1;
  return {
    grants,
    tasks,
    chains,
    revoked,
    waits,
    async commit({ grant, task, entry, standing }: Change): Promise<'committed' | 'lost'> {
      if (grant && !isNext(grants.get(grant.id), grant)) return 'lost';
      if (task && !isNext(tasks.get(task.id), task)) return 'lost';
      if (standing && !isTaskOpen(tasks.get(standing.task), standing.at)) return 'lost';
      if (grant) grants.set(grant.id, grant);
      if (task) tasks.set(task.id, task);
      chains.set(entry.chain, [...(chains.get(entry.chain) ?? []), entry]);
      return 'committed';
    },
  };
};

export type CoreTables = ReturnType<typeof coreTables>;
