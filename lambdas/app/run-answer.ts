import { RUN_RESULT_MAX_BYTES } from '../core/limits.ts';
import { maskRows } from '../core/masking/mask-rows.ts';
import { maskText } from '../core/masking/mask-text.ts';
import type { ColumnPlan } from '../core/masking/plan-masks.ts';
import type { RunOutcome } from '../core/run/run.ts';
import { failedOutcome } from '../core/run/run-life.ts';
import type { Statement } from '../core/sql/statement.ts';
import type { Executed, ExecutionFailure, StatementTarget, TaskVault } from './ports.ts';
import type { RunResult } from './run-payload.ts';

/** What came of an execution: the outcome for the trail, and what the vault keeps of it, masked. */
export interface Answered {
  readonly outcome: RunOutcome;
  readonly result?: RunResult;
}

export interface Masking {
  readonly plans: readonly ColumnPlan[];
  readonly unmasked: readonly string[];
  readonly vault: Pick<TaskVault, 'mac'>;
  readonly statement: Statement;
  readonly wordsAreSafe: boolean;
}

/** Everything that came from the target passes the masker here; nothing else of it is kept anywhere. */
export const answerOf = (
  executed: Awaited<ReturnType<StatementTarget['execute']>>,
  masking: Masking,
): Answered => (executed.ok ? rowsAnswer(executed.value, masking) : failureAnswer(executed.failure, masking));

const rowsAnswer = (
  executed: Executed,
  { plans, unmasked, vault, statement, wordsAreSafe }: Masking,
): Answered => {
  const tools = {
    token: (text: string) => vault.mac('mask', text),
    unmasked: new Set(unmasked),
  };
  const { fields } = executed;
  const { labels, rows, masked } = maskRows({ plans, fields, rows: executed.rows }, tools);
  const result: RunResult = {
    columns: fields.map(({ typeOid }, index) => ({ name: labels[index] ?? '', type: typeOid })),
    rows,
    notices: wordsAreSafe ? executed.notices.map((notice) => maskText(notice, tools.unmasked).text) : [],
    words: null,
  };
  const outcome: RunOutcome = {
    code: 'done',
    detail: null,
    rowCount: executed.rowCount,
    bytes: executed.bytes,
    truncated: executed.truncated,
    masked,
    resultHash: null,
  };
  if (Buffer.byteLength(JSON.stringify(result)) <= RUN_RESULT_MAX_BYTES) return { outcome, result };
  // A write has happened, whatever becomes of its answer.
  return statement.class === 'read'
    ? { outcome: failedOutcome('answer_too_large') }
    : { outcome: { ...outcome, truncated: true }, result: { ...result, rows: [] } };
};

const failureAnswer = (failure: ExecutionFailure, { unmasked, wordsAreSafe }: Masking): Answered => {
  switch (failure.code) {
    case 'target_refused':
      return {
        outcome: failedOutcome('target_refused', failure.sqlState),
        result: wordsOnly(wordsAreSafe ? maskText(failure.message, new Set(unmasked)).text : WITHHELD),
      };
    case 'shadowed':
      return { outcome: failedOutcome('shadowed', failure.part) };
    case 'connection_lost':
      return {
        outcome: failedOutcome(failure.committed === 'unknown' ? 'outcome_unknown' : 'connection_lost'),
      };
    case 'too_many_rows_changed':
      return {
        outcome: failedOutcome('too_many_rows_changed', `${failure.estimated}:${failure.changed}`),
      };
    case 'not_proceeded':
      return { outcome: failedOutcome('not_started') };
    default:
      return { outcome: failedOutcome(failure.code) };
  }
};

const wordsOnly = (words: string): RunResult => ({ columns: [], rows: [], notices: [], words });

const WITHHELD = 'The words of the database are withheld, because they may hold what is masked.';
