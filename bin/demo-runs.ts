import type { ApiAnswer, ApiClient, Wire } from './api-client.ts';
import { expect } from './expect-status.ts';
import type { Narrator } from './narrator.ts';

type RunAnswer = ApiAnswer<Wire['RunView'] & Partial<Wire['ProblemView']>>;

export interface RunScene {
  readonly crew: ApiClient;
  readonly task: string;
  readonly narrator: Narrator;
}

/** Latchkey runs the SQL: a masked read, the ways around the mask, and writes that name their rows and those that do not. */
export const tellRuns = async (scene: RunScene): Promise<void> => {
  const read = await askFor(scene, 'postgres:read');
  await readMasked(scene, read);
  await tryToSee(scene, read);
  const write = await askFor(scene, 'postgres:write');
  await writeSome(scene, write);
};

const askFor = async ({ crew, task, narrator }: RunScene, action: string): Promise<string> => {
  const asked = { task, resource: 'orders-db', action, durationSeconds: 600, reason: 'Weekly sales report' };
  const grant = expect(await crew.post<Wire['GrantView']>('/v1/grants', asked, { prefer: 'wait=20' }), 201);
  narrator.step(
    `It asks for ${action} on orders-db`,
    ['Latchkey will execute the statements: no login leaves it, and each statement is decided on by itself.'],
    grant,
  );
  return grant.body.id;
};

const run = (crew: ApiClient, grant: string, sql: string): Promise<RunAnswer> =>
  crew.post(`/v1/grants/${grant}/runs`, { sql });

const readMasked = async ({ crew, narrator }: RunScene, grant: string): Promise<void> => {
  const sql = 'SELECT id, name, country, email, card FROM customers ORDER BY id LIMIT 3';
  const answer = expect(await run(crew, grant, sql), 200);
  const { rows = [], masked = {} } = answer.body;
  if (rows.some((row) => String(row).includes('@example.com'))) throw new Error('an address was not masked');
  narrator.step(
    sql,
    [
      ...rows.map((row) => row.join(' | ')),
      `Masked: ${Object.entries(masked)
        .map(([category, count]) => `${count} × ${category}`)
        .join(', ')}. The same address is always the same token, so it can be counted and joined.`,
    ],
    answer,
  );
};

/** Each is what a clever agent, or one that was talked into it, tries next. */
const WAYS_AROUND: readonly (readonly [string, string])[] = [
  ['an alias', 'SELECT card AS sku FROM customers ORDER BY id LIMIT 1'],
  ['a cast and an encoding', "SELECT encode(card::bytea, 'hex') FROM customers ORDER BY id LIMIT 1"],
  ['JSON of the whole row', 'SELECT row_to_json(c) FROM customers c ORDER BY id LIMIT 1'],
  ['an error message', 'SELECT card::date FROM customers WHERE id = 1'],
  ['a question about it', "SELECT count(*) FROM customers WHERE card LIKE '4%'"],
];

const tryToSee = async ({ crew, narrator }: RunScene, grant: string): Promise<void> => {
  const seen: string[] = [];
  for (const [way, sql] of WAYS_AROUND) {
    const { status, body } = await run(crew, grant, sql);
    const told =
      status === 200 ? `masked: ${body.rows?.[0]?.join(' | ')}` : `refused: ${body.detail?.split(':')[0]}`;
    if (/\d{13}/.test(told)) throw new Error(`a card number was told by ${way}`);
    seen.push(`by ${way}: ${told}`);
  }
  narrator.step('It tries to see a card number all the same', seen);
};

const writeSome = async ({ crew, narrator }: RunScene, grant: string): Promise<void> => {
  const all = 'DELETE FROM orders';
  const denied = expect(await run(crew, grant, all), 403);
  narrator.step(
    all,
    [`Denied by policy ${denied.body.determinedBy?.map(({ id, reason }) => `${id}: ${reason}`).join('; ')}`],
    denied,
  );
  const one = 'UPDATE orders SET total_cents = total_cents + 100 WHERE id = 17';
  const changed = expect(await run(crew, grant, one), 200);
  narrator.step(one, [`${changed.body.rowCount} row changed, in one transaction.`], changed);
};
