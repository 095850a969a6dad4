import assert from 'node:assert/strict';
import fc from 'fast-check';
import type { Client, FieldDef } from 'pg';
import type { SensitiveColumn } from '../../lambdas/core/masking/mask.ts';
import { maskRows } from '../../lambdas/core/masking/mask-rows.ts';
import { maskText } from '../../lambdas/core/masking/mask-text.ts';
import type { ColumnPlan } from '../../lambdas/core/masking/plan-masks.ts';
import { planMasks } from '../../lambdas/core/masking/plan-masks.ts';
import type { Catalogue, ResultField } from '../../lambdas/core/sql/catalogue.ts';
import { bentQuery } from './bent-query.ts';
import { loadStatements, namedBy, parseStatement } from './parse-statement.ts';
import { startDatabase } from './postgres.ts';
import { readCatalogue } from './read-catalogue.ts';

/** What must not get out: a name that no detector knows, an address and a card. */
export const CANARY = { name: 'Zyxwv Quintana', email: 'Quill.Canary@example.com', card: '4111111111111111' };

const MASKING_SEED = `
  CREATE TABLE people (id int PRIMARY KEY, name text, email text, card text, city text, joined date, points int, manager int);
  CREATE TABLE visits (id int PRIMARY KEY, person int, page text, seconds numeric, at timestamptz, tags text[], info jsonb);
  CREATE TABLE pages (page text PRIMARY KEY, title text, section text, words int);
  CREATE VIEW faces AS SELECT id, name AS label, city FROM people;
  CREATE VIEW stays AS SELECT person, sum(seconds) AS total FROM visits GROUP BY person;
  INSERT INTO people VALUES
    (1, '${CANARY.name}', '${CANARY.email}', '${CANARY.card}', 'Oslo', '2024-01-02', 10, NULL),
    (2, 'Other Person', 'other@example.com', '5500005555555559', 'Rome', '2024-02-03', 20, 1),
    (3, NULL, NULL, NULL, 'Rome', '2024-02-04', 0, 1);
  INSERT INTO visits VALUES
    (1, 1, 'home', 10.5, '2024-03-01T10:00:00Z', '{a,b}', '{"ref": "x"}'), (2, 2, 'home', 1.5, '2024-03-02T10:00:00Z', '{}', '{}');
  INSERT INTO pages VALUES ('home', 'Home', 'main', 100), ('help', 'Help', 'docs', 900);`;

export const SENSITIVE: readonly SensitiveColumn[] = [
  { schema: 'public', table: 'people', column: 'name', category: 'name', form: { kind: 'token' } },
  { schema: 'public', table: 'people', column: 'email', category: 'email', form: { kind: 'redact' } },
  {
    schema: 'public',
    table: 'people',
    column: 'card',
    category: 'card',
    form: { kind: 'keep_last', count: 4 },
  },
];

const NONE: ReadonlySet<string> = new Set();

export const planFor = (sql: string, catalogue: Catalogue, fields: readonly ResultField[]) => {
  const statement = parseStatement(sql);
  return planMasks({
    statement,
    catalogue,
    fields,
    sensitive: SENSITIVE,
    unmasked: NONE,
  });
};

export interface Scene {
  readonly client: Client;
  readonly catalogue: Catalogue;
  /** As if the statement named every relation there is, so that whatever cannot be told is masked. */
  readonly isAllInReach?: boolean;
}

export type Shown =
  | { readonly kind: 'refused'; readonly code: string }
  | { readonly kind: 'error'; readonly text: string }
  | { readonly kind: 'answer'; readonly plans: readonly ColumnPlan[]; readonly text: string };

/** What a caller would see of a statement: its refusal, its masked error or its masked answer. Nothing is kept of a write. */
export const show = async (
  { client, catalogue, isAllInReach = false }: Scene,
  sql: string,
): Promise<Shown> => {
  const result = await run(client, sql);
  const fields = 'fields' in result ? result.fields.map(fieldOf) : [];
  const plans = planFor(sql, isAllInReach ? catalogue : namedBy(catalogue, parseStatement(sql)), fields);
  if (!plans.ok) return { kind: 'refused', code: plans.failure.code };
  if (!('fields' in result)) return { kind: 'error', text: maskText(result.message, NONE).text };
  const tools = { token: (text: string) => `${text.length}`.padStart(64, '0'), unmasked: NONE };
  const { labels, rows } = maskRows({ plans: plans.value, fields, rows: result.rows }, tools);
  return {
    kind: 'answer',
    plans: plans.value,
    text: [labels, ...rows].map((row) => row.join('\n')).join('\n'),
  };
};

/** A real PostgreSQL with the people and their visits in it. */
export const openMaskingScene = async () => {
  await loadStatements();
  const database = await startDatabase();
  const client = await database.postgres.asSuperuser('orders');
  await client.query(MASKING_SEED);
  const catalogue = await readCatalogue(client);
  const stop = async () => {
    await client.end();
    await database.stop();
  };
  return { client, catalogue, stop };
};

/** Queries that chance makes up, until one leaks; how they came out otherwise. */
export const bendAtRandom = async (scene: Scene, runs: number) => {
  const outcomes = { refused: 0, error: 0, answer: 0 };
  const property = fc.asyncProperty(bentQuery, async (sql) => {
    const shown = await show(scene, sql);
    outcomes[shown.kind] += 1;
    assert.deepEqual(
      shown.kind === 'refused' ? [] : leaks(shown.text),
      [],
      `${sql}\n${JSON.stringify(shown)}`,
    );
  });
  await fc.assert(property, { numRuns: runs });
  return outcomes;
};

const fieldOf = ({ name, tableID, columnID, dataTypeID }: FieldDef): ResultField => ({
  name,
  tableOid: tableID,
  columnNumber: columnID,
  typeOid: dataTypeID,
});

const run = async (
  client: Client,
  text: string,
): Promise<
  { fields: readonly FieldDef[]; rows: readonly (readonly (string | null)[])[] } | { message: string }
> => {
  await client.query('BEGIN');
  try {
    const types = { getTypeParser: () => (value: string) => value };
    return await client.query<(string | null)[]>({ text, rowMode: 'array', types });
  } catch (error) {
    return { message: error instanceof Error ? error.message : String(error) };
  } finally {
    await client.query('ROLLBACK');
  }
};

/** The forms in which a canary would still be one. */
export const leaks = (text: string): readonly string[] => {
  const plain = [...Object.values(CANARY), CANARY.card.replace(/(.{4})(?=.)/g, '$1 ')];
  const forms = plain.flatMap((canary) => [
    canary,
    [...canary].reverse().join(''),
    Buffer.from(canary).toString('base64').slice(0, 12),
    Buffer.from(canary).toString('hex'),
    canary.replace(/[^a-z0-9]/gi, ''),
  ]);
  const lower = text.toLowerCase();
  return [...new Set(forms.map((form) => form.toLowerCase()))].filter((form) => lower.includes(form));
};
