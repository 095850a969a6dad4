import assert from 'node:assert/strict';
import { test } from 'node:test';
import { idOf, newTask, release, requestAccess, runSql } from './asks.ts';
import { type Canary, findCanaries } from './canaries.ts';
import type { Caller, RunningStack } from './running-stack.ts';

/** Constants and parameters that a statement can hold, in every way of writing one down. */
const ASKED: readonly Canary[] = [
  'asked-constant-kq',
  'asked-comment-kq',
  'asked-dollars-kq',
  'asked-escape-kq',
  'asked-parameter-kq',
  'asked-cast-kq',
  'asked-stored-kq',
  '9071345522',
  '8812.440071',
].map((secret) => ({ of: `what was asked with (${secret})`, secret }));

const READS: readonly (readonly [string, object?])[] = [
  ['SELECT id, name, email, phone, card FROM customers ORDER BY id LIMIT 3'],
  ["SELECT 'asked-constant-kq', 9071345522, 8812.440071 /* asked-comment-kq */"],
  ["SELECT $a$asked-dollars-kq$a$, E'asked-escape-kq', $1::text", { params: ['asked-parameter-kq'] }],
  ["SELECT 'asked-cast-kq'::int"],
  ['SELECT name::int FROM customers'],
  ["SELECT set_config('asked-constant-kq', 'asked-constant-kq', false)"],
  ["SELECT id FROM customers WHERE card = 'asked-constant-kq'"],
];
const WRITES: readonly (readonly [string, object?])[] = [
  ["UPDATE customers SET name = 'asked-stored-kq' WHERE id = 2 RETURNING *"],
  ["INSERT INTO customers (name) VALUES ('asked-stored-kq')"],
  ['UPDATE customers SET country = NULL WHERE id = $1', { params: [3] }],
];

const runAll = async (
  crew: Caller,
  { task, action }: { task: string; action: string },
  statements: typeof READS,
) => {
  const grant = idOf(await crew.ask(requestAccess(task, { action })));
  for (const [sql, more = {}] of statements) {
    const { status } = await crew.ask(runSql(grant, sql, { ...more }));
    assert.ok([200, 403, 422].includes(status), `${status} for ${sql}`);
  }
  await crew.ask(release(grant));
};

/** What runs were asked with and told stays where it is sealed, whatever else happened on the stack. */
export const runSecrets = (place: () => { readonly running: RunningStack; readonly crew: Caller }): void => {
  test('tables, logs and workflows hold nothing of what runs were asked with, read or were told', async () => {
    const { running, crew } = place();
    const superuser = await running.stack().postgres.asSuperuser('orders');
    const { rows } = await superuser.query<Record<string, string>>(
      'SELECT name, email, phone, card FROM customers WHERE id IN (1, 2, 3)',
    );
    await superuser.end();
    const task = await newTask(crew);
    await runAll(crew, { task, action: 'postgres:read' }, READS);
    await runAll(crew, { task, action: 'postgres:write' }, WRITES);
    const read = rows.flatMap((row) => Object.entries(row).map(([of, secret]) => ({ of, secret })));
    const words = ['invalid input syntax', 'violates not-null', 'Failing row'].map((secret) => ({
      of: 'words of the database',
      secret,
    }));
    const places = [
      { name: 'the grants', text: JSON.stringify(await running.items('grants')), holds: task },
      { name: 'the trail', text: JSON.stringify(await running.items('audit')), holds: 'run.ended' },
      { name: 'the logs', text: JSON.stringify(running.logs), holds: 'POST /v1/grants' },
      {
        name: 'the workflows',
        text: JSON.stringify(running.stack().aws.stepFunctions.executions()),
        holds: task.slice(2),
      },
    ];
    assert.deepEqual(findCanaries(places, [...ASKED, ...read, ...words]), []);
    const hidden = read.filter(({ of }) => of !== 'name');
    const answers = JSON.stringify(running.answers.map(({ answer }) => answer.text));
    assert.deepEqual(findCanaries([{ name: 'the answers', text: answers, holds: '[masked:' }], hidden), []);
    assert.deepEqual((await running.verifyTrail()).flaws, []);
  });
};
