import { RUN_MAX_SECONDS } from '../core/limits.ts';
import type { RunFailureCode } from '../core/run/run.ts';

/** One sentence on what happened and what to do, for each code of a run that came to nothing. */
export const OUTCOME_DETAILS: Readonly<Record<RunFailureCode, string>> = {
  target_refused: 'The database refused the statement; `run.error.detail` is its SQLSTATE.',
  took_too_long: `It ran longer than ${RUN_MAX_SECONDS} seconds and was ended. Ask for less.`,
  answer_too_large: 'The answer was too large. Ask for fewer rows or columns.',
  too_many_rows_changed:
    'It changed far more rows than the database had estimated, and was rolled back. Narrow it with `WHERE`.',
  shadowed:
    'A name in it means something that is not PostgreSQL’s own; `run.error.detail` is the name. Write it otherwise.',
  definition_changed: 'A view, function or table that it uses was replaced meanwhile. Try again.',
  connection_lost: 'The connection was lost and nothing was changed. Try again.',
  outcome_unknown: 'Nobody can tell whether it was carried out. Look before you try again.',
  not_started: 'It was not started in time, and nothing was executed. Try again.',
  statement_refused: 'It is refused by its form; `run.error.detail` is the part.',
  policy_denied: 'Policy does not allow it. Do not ask again.',
  grant_over: 'Its grant was over before it began, and nothing was executed. Ask for a new grant.',
  contained:
    'An operator has stopped this while it waited. Do not ask again; an operator has to lift the stop.',
  payload_gone: 'What was asked for is no longer kept, and nothing was executed.',
  nobody_approved: 'Nobody approved it in time, and nothing was executed.',
  cancelled_by_principal: 'It was withdrawn before anybody decided, and nothing was executed.',
  approval_mismatch:
    'It is not what was decided on or approved, so nothing was executed, and an operator was told. Ask for it anew.',
  approval_over: 'The plan that it was part of is over or was revoked, and nothing was executed.',
};
