import type * as z from 'zod';
import type { RunAnswer } from '../app/read-run.ts';
import { isSettled } from '../core/run/run.ts';
import { toIso } from '../core/time.ts';
import { approvalView } from './approval-view.ts';
import { OUTCOME_DETAILS } from './outcome-details.ts';
import type { RunView } from './run-schemas.ts';
import { typedCell, typeName } from './typed-cell.ts';

type Wire = z.input<typeof RunView>;

/** A run as its principal sees it, with its answer where that may be shown. The statement is not repeated. */
export const runView = (answer: RunAnswer, consoleUrl: string): Wire => {
  const { run } = answer;
  return {
    id: run.id,
    state: run.state,
    grant: run.grant,
    task: run.task,
    resource: run.resource,
    action: run.action,
    class: run.class,
    verb: run.verb,
    bounded: run.bounded,
    createdAt: toIso(run.createdAt),
    determinedBy: run.determinedBy.map(({ id, reason }) => (reason === undefined ? { id } : { id, reason })),
    ...(run.state === 'denied' ? { denial: run.denial ?? 'policy_denied' } : {}),
    ...approvalView(consoleUrl, run, answer.approval),
    ...('startedAt' in run && run.startedAt !== undefined ? { startedAt: toIso(run.startedAt) } : {}),
    ...outcomeView(answer),
  };
};

const outcomeView = ({ run, result, isWithheld }: RunAnswer): Partial<Wire> => {
  if (!isSettled(run)) return {};
  const { outcome } = run;
  const ended = { endedAt: toIso(run.endedAt), answer: answerWord(result !== undefined, isWithheld) };
  if (outcome.code !== 'done') {
    const detail = outcome.detail === null ? {} : { detail: outcome.detail };
    const message = result?.words ?? OUTCOME_DETAILS[outcome.code];
    return { ...ended, error: { code: outcome.code, ...detail, message } };
  }
  return {
    ...ended,
    rowCount: outcome.rowCount,
    truncated: outcome.truncated,
    masked: { ...outcome.masked },
    ...(result ? resultView(result) : {}),
  };
};

const answerWord = (hasResult: boolean, isWithheld: boolean): 'shown' | 'none' | 'withheld' => {
  if (isWithheld) return 'withheld';
  return hasResult ? 'shown' : 'none';
};

const resultView = ({ columns, rows, notices }: NonNullable<RunAnswer['result']>): Partial<Wire> => ({
  columns: columns.map(({ name, type }) => ({ name, type: typeName(type) })),
  rows: rows.map((row) => row.map((cell, index) => typedCell(cell, columns[index]?.type ?? 0))),
  ...(notices.length > 0 ? { notices: [...notices] } : {}),
});
