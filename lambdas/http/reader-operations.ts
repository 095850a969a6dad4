import { readOwnPlan } from '../app/own-plan.ts';
import type { ReadDeps } from '../app/read-mine.ts';
import { listGrants, listTasks, readGrant, readTask } from '../app/read-mine.ts';
import { type ReadRunDeps, readRun } from '../app/read-run.ts';
import { fail, ok } from '../core/result.ts';
import { openApiDocument } from './openapi.ts';
import type { Handlers } from './operations.ts';
import { planView } from './plan-view.ts';
import { isProblemCode } from './problem.ts';
import { PROBLEMS, type ProblemCode } from './problem-catalogue.ts';
import { runView } from './run-view.ts';
import { grantView, taskView } from './views.ts';

export type ReaderOperation =
  | 'listTasks'
  | 'readTask'
  | 'listGrants'
  | 'readGrant'
  | 'readRun'
  | 'readPlan'
  | 'readOpenApi'
  | 'listProblems'
  | 'readProblem';

/** Polls and look-ups, served apart so that waiting callers never take a place from those who act. */
export const readerHandlers = (
  deps: ReadDeps & ReadRunDeps & { readonly version: string; readonly consoleUrl: string },
): Handlers<ReaderOperation> => ({
  async listTasks({ caller, query }) {
    const page = await listTasks(deps, caller, query.cursor);
    return ok({
      status: 200,
      body: { tasks: page.items.map((task) => taskView(task, deps.consoleUrl)), ...nextOf(page) },
    });
  },
  async readTask({ caller, path }) {
    const read = await readTask(deps, caller, path.id);
    if (!read.ok) return read;
    return ok({
      status: 200,
      body: taskView(read.value.task, deps.consoleUrl, read.value.grants),
      receipt: read.value.receipt,
    });
  },
  async listGrants({ caller, query }) {
    const page = await listGrants(deps, caller, query.cursor);
    return ok({
      status: 200,
      body: { grants: page.items.map((grant) => grantView(grant, deps.consoleUrl)), ...nextOf(page) },
    });
  },
  async readGrant({ caller, path, waitSeconds }) {
    const read = await readGrant(deps, caller, { grantId: path.id, waitSeconds });
    if (!read.ok) return read;
    const { grant, approval, receipt } = read.value;
    return ok({ status: 200, body: grantView(grant, deps.consoleUrl, approval), receipt });
  },
  async readRun({ caller, path, waitSeconds }) {
    const read = await readRun(deps, caller, { runId: path.id, waitSeconds });
    if (!read.ok) return read;
    return ok({ status: 200, body: runView(read.value, deps.consoleUrl), receipt: read.value.receipt });
  },
  async readPlan({ caller, path, waitSeconds }) {
    const read = await readOwnPlan(deps, caller, { planId: path.id, waitSeconds });
    if (!read.ok) return read;
    const { approval, receipt } = read.value;
    return ok({ status: 200, body: planView(approval, deps.consoleUrl), receipt });
  },
  readOpenApi: async () => ok({ status: 200, body: openApiDocument(deps.version) }),
  listProblems: async () =>
    ok({ status: 200, body: { problems: (Object.keys(PROBLEMS) as ProblemCode[]).map(problemKind) } }),
  readProblem: async ({ path }) =>
    isProblemCode(path.code)
      ? ok({ status: 200, body: problemKind(path.code) })
      : fail({ code: 'not_found' }),
});

const nextOf = ({ next }: { readonly next: string | undefined }) => (next === undefined ? {} : { next });

const problemKind = (code: ProblemCode) => ({ code, ...PROBLEMS[code] });
