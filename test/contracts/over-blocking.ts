import assert from 'node:assert/strict';
import { DatabaseError } from 'pg';
import type { Inspection } from '../../lambdas/app/ports.ts';
import { maskRows } from '../../lambdas/core/masking/mask-rows.ts';
import { planMasks } from '../../lambdas/core/masking/plan-masks.ts';
import { loadParser } from '../../lambdas/core/sql/parser.ts';
import { EVERYDAY_SCHEMA, EVERYDAY_VALUES } from '../core/sql/everyday-queries.ts';
import { understood } from '../core/sql/statements.ts';
import { SENSITIVE_RESOURCE } from '../support/facts.ts';
import { LIMITS, type RunTarget, startRunTarget } from '../support/run-target.ts';

const UNMASKED: ReadonlySet<string> = new Set();
const { sensitive } = SENSITIVE_RESOURCE;

/** The shop, in which three columns of `customers` are sensitive, and a role whose rights leave exactly these out. */
export const startShop = async (): Promise<RunTarget> => {
  await loadParser();
  return startRunTarget(`${EVERYDAY_SCHEMA}
    GRANT SELECT ON products, order_items, events TO orders_app_masked;`);
};

/** What became of everyday queries: `touching` ones read something sensitive, so that masks and refusals of theirs are right. */
export interface OverBlocking {
  readonly untouching: number;
  readonly touching: number;
  /** Queries that touch nothing sensitive, and were refused or had a column masked all the same. */
  readonly blocked: readonly string[];
  /** Queries in whose answer a detector found something by what it looks like. */
  readonly detected: readonly string[];
}

/** Judged by PostgreSQL itself: whatever it lets the role without rights to sensitive columns do touches none of them. */
export const overBlocking = async (target: RunTarget, queries: readonly string[]): Promise<OverBlocking> => {
  const grant = await target.grantWith('orders_reader');
  const blocked: string[] = [];
  const detected: string[] = [];
  let untouching = 0;
  for (const sql of queries) {
    if (await touchesSensitive(target, sql)) continue;
    untouching += 1;
    const { isBlocked, found } = await lostOf(target, grant, sql);
    if (isBlocked) blocked.push(sql);
    if (found.length > 0) detected.push(`${sql} → ${found.join()}`);
  }
  return { untouching, touching: queries.length - untouching, blocked, detected };
};

const paramsOf = (sql: string): string[] => EVERYDAY_VALUES.slice(0, understood(sql).parameterCount);

const touchesSensitive = async ({ superuser }: RunTarget, text: string): Promise<boolean> => {
  await superuser.query('BEGIN; SET LOCAL ROLE orders_app_masked');
  try {
    await superuser.query({ text, values: paramsOf(text) });
    return false;
  } catch (error) {
    assert.ok(error instanceof DatabaseError && error.code === '42501', `${text} → ${error}`);
    return true;
  } finally {
    await superuser.query('ROLLBACK');
  }
};

/** What a run of it would hide: whole columns by plan, and values by what detectors find in the rest. */
const lostOf = async (
  target: RunTarget,
  grant: string,
  sql: string,
): Promise<{ readonly isBlocked: boolean; readonly found: readonly string[] }> => {
  const statement = understood(sql);
  const seen: Inspection[] = [];
  const answer = await target.run(grant, {
    sql,
    params: paramsOf(sql),
    statement,
    limits: { ...LIMITS, maxRows: 10_000, maxBytes: 3_000_000 },
    proceed: async (inspection) => seen.push(inspection) > 0,
  });
  const [inspection] = seen;
  assert.ok(inspection, sql);
  const { catalogue, fields } = inspection;
  const plans = planMasks({ statement, catalogue, fields, sensitive, unmasked: UNMASKED });
  if (!plans.ok) return { isBlocked: true, found: [] };
  const tools = { token: (text: string) => text, unmasked: UNMASKED };
  const { masked } = maskRows({ plans: plans.value, fields: answer.fields, rows: answer.rows }, tools);
  return { isBlocked: plans.value.some(({ kind }) => kind !== 'pass'), found: Object.keys(masked) };
};
