import type { Approval } from '../core/approval/approval.ts';
import type { Receipt } from '../core/audit/entry.ts';
import { checkUse } from '../core/grant/use-grant.ts';
import { isSameHolder } from '../core/identity/principal.ts';
import type { Result } from '../core/result.ts';
import { fail, ok } from '../core/result.ts';
import { isOnItsWay, isSettled, type Run, type SettledRun } from '../core/run/run.ts';
import type { Caller } from './caller.ts';
import type { Clock, Sleep, Store, Vaults } from './ports.ts';
import { type RunResult, readResult } from './run-payload.ts';
import { waitUntil } from './wait-until.ts';

export interface ReadRunDeps {
  readonly store: Pick<Store, 'readRun' | 'readRunForUse' | 'readApproval'>;
  readonly vaults: Pick<Vaults, 'find'>;
  readonly clock: Clock;
  readonly sleep: Sleep;
}

export interface RunAnswer {
  readonly run: Run;
  /** Undefined when there is none, when it is past its retention, or when it is withheld. */
  readonly result: RunResult | undefined;
  /** The answer exists, and the grant it was given under can no longer be used. */
  readonly isWithheld: boolean;
  readonly receipt: Receipt;
  /** What it waits for, or stood on; undefined where nobody was asked. */
  readonly approval: Approval | undefined;
}

type ReadForUse = Awaited<ReturnType<ReadRunDeps['store']['readRunForUse']>>;

/**
 * The caller's own run, after at most `waitSeconds` of waiting for its outcome. Its answer is released only while its
 * grant may be used: whoever has lost the permission has lost what was read with it, as far as it has not left yet. The
 * first look reads all that a release needs, because most runs are over when they are asked for.
 */
export const readRun = async (
  deps: ReadRunDeps,
  caller: Caller,
  ask: { readonly runId: string; readonly waitSeconds: number },
): Promise<Result<RunAnswer>> => {
  const read = await deps.store.readRunForUse(ask.runId);
  const { run } = read;
  if (!run || !isSameHolder(run.principal, caller.principal)) return fail({ code: 'not_found' });
  const isAwaited = isOnItsWay(run) || run.state === 'pending_approval';
  return isAwaited
    ? awaitRun(deps, caller, { run, waitSeconds: ask.waitSeconds, waitsForPeople: true })
    : withApproval(deps, await release(deps, caller, { run, read }));
};

/**
 * The same for whoever has the run at hand and knows that it is the caller's. People are waited for only where it is said:
 * they take long, and a function that decides has better things to do.
 */
export const awaitRun = async (
  deps: ReadRunDeps,
  caller: Caller,
  ask: { readonly run: Run; readonly waitSeconds: number; readonly waitsForPeople?: true },
): Promise<Result<RunAnswer>> => withApproval(deps, await waitAndRelease(deps, caller, ask));

const waitAndRelease = async (
  deps: ReadRunDeps,
  caller: Caller,
  { run, waitSeconds, waitsForPeople }: Parameters<typeof awaitRun>[2],
): Promise<Result<RunAnswer>> => {
  const seen = await waitUntil<Run>(
    {
      first: run,
      again: async () => (await deps.store.readRun(run.id)) ?? run,
      isDone: (now) => !isOnItsWay(now) && !(waitsForPeople && now.state === 'pending_approval'),
    },
    waitSeconds,
    deps,
  );
  if (!hasResult(seen)) return ok(bare(seen));
  return release(deps, caller, { run: seen, read: await deps.store.readRunForUse(seen.id) });
};

const hasResult = (run: Run): run is SettledRun => isSettled(run) && run.outcome.resultHash !== null;

/** `read` is of now: it says whether the grant may still be used. What is settled does not change any more. */
const release = async (
  deps: ReadRunDeps,
  caller: Caller,
  { run, read }: { readonly run: Run; readonly read: ReadForUse },
): Promise<Result<RunAnswer>> => {
  if (!hasResult(run)) return ok(bare(run));
  const use = checkUse({ ...read, principal: caller.principal }, deps.clock());
  if (!use.ok) return ok({ ...bare(run), isWithheld: true });
  return ok({ ...bare(run), result: await readResult(await deps.vaults.find(run.task), run) });
};

/** The run as it is, without what it answered: for whoever withdraws it. */
export const runAsItIs = (deps: ReadRunDeps, run: Run): Promise<Result<RunAnswer>> =>
  withApproval(deps, ok(bare(run)));

const withApproval = async (deps: ReadRunDeps, answer: Result<RunAnswer>): Promise<Result<RunAnswer>> => {
  const id = answer.ok ? answer.value.run.approval : undefined;
  if (!answer.ok || id === undefined) return answer;
  return ok({ ...answer.value, approval: await deps.store.readApproval(id) });
};

const bare = (run: Run): RunAnswer => ({
  run,
  result: undefined,
  isWithheld: false,
  approval: undefined,
  receipt: { chain: run.grant, ...run.head },
});
