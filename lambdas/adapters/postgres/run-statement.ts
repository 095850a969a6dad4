import type { Executed, Inspection } from '../../app/ports.ts';
import { WRITE_ROWS_FACTOR, WRITE_ROWS_FLOOR } from '../../core/limits.ts';
import { describeStatement } from './describe-statement.ts';
import { estimateRows } from './estimate-rows.ts';
import { type Execution, NotDecided, Stopped } from './execution-failure.ts';
import { type Definitions, readDefinitions } from './read-definitions.ts';
import { type Answer, readPortal } from './read-portal.ts';
import { findShadow } from './shadowed-names.ts';

/**
 * From BEGIN to the last word. READ COMMITTED, because under a fixed snapshot the catalogue would be read as it was
 * before the statement's locks were held: what is read now is what the locks keep as it is. The statement itself is
 * one statement and has one snapshot of its own all the same. Throws `Stopped`, `NotDecided`, and what the server or
 * the network said.
 */
export const runStatement = async (execution: Execution): Promise<Executed> => {
  const { session, ask } = execution;
  const isRead = ask.statement.class === 'read';
  await session.ask(`BEGIN ISOLATION LEVEL READ COMMITTED, READ ${isRead ? 'ONLY' : 'WRITE'}`);
  // After a first snapshot no transaction can be made to write that was not meant to.
  await session.ask('SELECT 1');
  const { inspection, definitions } = await inspect(execution);
  if (!(await isDecided(execution, inspection))) throw new Stopped({ code: 'not_proceeded' });
  const answer = await readPortal(session, ask, inspection.fields);
  const rowCount = isRead ? answer.rows.length : await guardWrite(execution, inspection, answer);
  if (ask.statement.class !== 'ddl') await requireUnchanged(execution, definitions);
  await finish(execution);
  const { rows, truncated, bytes } = answer;
  return { fields: inspection.fields, rows, truncated, rowCount, notices: session.notices, bytes };
};

interface Inspected {
  readonly inspection: Inspection;
  readonly definitions: Definitions;
}

/**
 * Locks first, then what they keep, then the plan: planning already executes functions whose result it can know, so
 * it comes after it is known whose functions those are.
 */
const inspect = async ({ session, ask }: Execution): Promise<Inspected> => {
  const { statement, sql } = ask;
  const fields = await describeStatement(session.client, sql);
  const definitions = await readDefinitions(session, statement);
  const part = definitions.stranger ?? (await findShadow(session, statement));
  if (part !== undefined) throw new Stopped({ code: 'shadowed', part });
  const { catalogue, viewFunctions } = definitions;
  const estimatedRows = await explain({ session, ask });
  return { inspection: { catalogue, estimatedRows, fields, viewFunctions }, definitions };
};

/** PostgreSQL explains no EXPLAIN and no SHOW, and plans nothing for most of what defines. */
const explain = async ({ session, ask }: Pick<Execution, 'session' | 'ask'>): Promise<number | undefined> => {
  const { statement, sql, params } = ask;
  if (statement.class === 'ddl' || ['explain', 'show'].includes(statement.verb)) return undefined;
  const [row] = await session.ask<{ 'QUERY PLAN': unknown }>(`EXPLAIN (FORMAT JSON) ${sql}`, params);
  return estimateRows(row?.['QUERY PLAN']);
};

const isDecided = async ({ ask }: Execution, inspection: Inspection): Promise<boolean> => {
  try {
    return await ask.proceed(inspection);
  } catch (cause) {
    throw new NotDecided('not decided', { cause });
  }
};

/** Answers the rows that the statement itself changed. An answer that is cut short would not be told from a whole one. */
const guardWrite = async (
  { session, ask }: Execution,
  { estimatedRows }: Inspection,
  { truncated, tagRows }: Answer,
): Promise<number> => {
  if (truncated) throw new Stopped({ code: 'answer_too_large', maxBytes: ask.limits.maxBytes });
  if (ask.statement.class === 'ddl') return tagRows;
  const estimated = estimatedRows ?? 0;
  const changed = Math.max(tagRows, await changedRows(session));
  if (changed > Math.max(estimated * WRITE_ROWS_FACTOR, WRITE_ROWS_FLOOR))
    throw new Stopped({ code: 'too_many_rows_changed', estimated, changed });
  return tagRows;
};

/** In this transaction: what triggers, rules and cascades changed is not in the command tag. */
const changedRows = async (session: Execution['session']): Promise<number> => {
  const [row] = await session.ask<{ changed: string }>(
    `SELECT coalesce(sum(n_tup_ins + n_tup_upd + n_tup_del), 0)::text AS changed FROM pg_stat_xact_user_tables`,
  );
  return Number(row?.changed ?? 0);
};

/** Functions, operators and casts are kept by no lock, so they are looked at again before anything comes of the run. */
const requireUnchanged = async ({ session, ask }: Execution, before: Definitions): Promise<void> => {
  const after = await readDefinitions(session, ask.statement);
  const isSame = after.stamp === before.stamp && after.catalogue.digest === before.catalogue.digest;
  if (!isSame || (await findShadow(session, ask.statement)) !== undefined)
    throw new Stopped({ code: 'definition_changed' });
};

const finish = async (execution: Execution): Promise<void> => {
  const { session, ask } = execution;
  if (ask.statement.class === 'read') {
    await session.ask('ROLLBACK');
    return;
  }
  execution.committing = true;
  await session.ask('COMMIT');
};
