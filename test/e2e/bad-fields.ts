import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  RUN_PARAM_MAX_CHARACTERS,
  RUN_PARAMS_MAX_COUNT,
  RUN_ROWS_MAX_COUNT,
} from '../../lambdas/core/limits.ts';
import { TaskView } from '../../lambdas/http/schemas.ts';
import { ASKS, newRun, openTask, REQUEST, requestAccess, vend } from './asks.ts';
import { assertRefused, invalid, raw, type Suite, state } from './bad-input-scene.ts';
import { assertProblem } from './problems.ts';

/** Fields of a body that are read, and refused for what they hold. */
export const badFields: Suite = (scene) => {
  test('names and reasons hold nothing that cannot be seen, and nothing that is too long', async () => {
    const texts = [
      '',
      ' ',
      ' a',
      'a ',
      'a\nb',
      'a\u0000b',
      'a\u001b[2Jb',
      'a\u007fb',
      'a\u200bb',
      'a\u202egnp.exe',
      'a\u2066b\u2069',
      'a\u2028b',
      '\ufeffa',
      'a\ufffdb',
      'a\ud800',
      '\udc00a',
    ];
    for (const text of [...texts, 'a'.repeat(129)])
      await assertRefused(scene(), [openTask({ name: text })], invalid('/name'));
    for (const reason of [...texts, 'a'.repeat(501)])
      await assertRefused(scene(), [requestAccess(scene().mine.task, { reason })], invalid('/reason'));
    await assertRefused(
      scene(),
      [raw(Buffer.from([...Buffer.from('{"name":"a'), 0xff, 0xfe, ...Buffer.from('"}')]))],
      invalid('/name'),
    );
  });

  test('text of any language is kept as it was written', async () => {
    for (const name of [
      'Übersicht 📈',
      '売上の週報',
      'تقرير المبيعات',
      `O'Brien"; DROP TABLE orders --`,
      '${jndi:x}',
    ]) {
      const opened = await scene().crew.ask(openTask({ name }));
      assert.equal(TaskView.parse(opened.json).name, name);
    }
  });

  test('a number is a whole number within its limits, written as a number', async () => {
    const numbers = ['59', '43201', '0', '-600', '600.5', '1e400', '-1e400', '1e21', '9007199254740993'];
    const others = ['"600"', 'null', 'true', '[600]', '{}', '""'];
    for (const written of [...numbers, ...others]) {
      const body = JSON.stringify({ ...REQUEST, task: scene().mine.task }).replace(':600', `:${written}`);
      await assertRefused(scene(), [raw(body, '/v1/grants')], invalid('/durationSeconds'));
    }
    for (const leaseSeconds of [14, 3_601, 20.5, '20', null])
      await assertRefused(scene(), [openTask({ name: 'a', leaseSeconds })], invalid('/leaseSeconds'));
  });

  test('a statement, its parameters and its cap on rows are of the form that is written down', async () => {
    const { grant } = scene().mine;
    const params = (value: unknown): [unknown, string][] => [
      [{ sql: 'SELECT $1', params: value }, '/params'],
    ];
    const cases: [unknown, string][] = [
      ...['', 1, null, ['SELECT 1'], { text: 'SELECT 1' }].map((sql): [unknown, string] => [{ sql }, '/sql']),
      ...[null, 'a', { 0: 'a' }, 1, Array(RUN_PARAMS_MAX_COUNT + 1).fill(1)].flatMap(params),
      ...[[], {}, 'a'.repeat(RUN_PARAM_MAX_CHARACTERS + 1)].map((param): [unknown, string] => [
        { sql: 'SELECT $1', params: [param] },
        '/params/0',
      ]),
      ...[0, -1, 1.5, RUN_ROWS_MAX_COUNT + 1, '10', null, true].map((maxRows): [unknown, string] => [
        { sql: 'SELECT 1', maxRows },
        '/maxRows',
      ]),
    ];
    for (const [json, pointer] of cases) {
      const ask = { ...ASKS.requestRun({ task: '', grant }), json };
      await assertRefused(scene(), [ask], invalid(pointer));
    }
  });

  test('a statement under a grant that hands out logins is refused, and the other way round', async () => {
    const { crew, mine, running } = scene();
    const before = await state(scene());
    assertProblem(await crew.ask(ASKS.requestRun(mine)), 409, 'not_a_run');
    assert.equal(await state(scene()), before);
    const { grant } = await newRun(running, crew);
    assertProblem(await crew.ask(vend(grant)), 409, 'not_vended');
  });

  test('every field of the wrong type is named at once', async () => {
    const answer = await scene().crew.ask(
      raw('{"task":1,"resource":false,"action":{},"reason":null}', '/v1/grants'),
    );
    const { errors = [] } = assertProblem(answer, 400, 'invalid_request');
    assert.deepEqual(errors.map(({ pointer }) => pointer).toSorted(), [
      '/action',
      '/durationSeconds',
      '/reason',
      '/resource',
      '/task',
    ]);
  });

  test('what config does not have is not found, with a hint where there is one', async () => {
    const { crew, mine } = scene();
    const near = assertProblem(
      await crew.ask(requestAccess(mine.task, { resource: 'order-db' })),
      404,
      'unknown_resource',
    );
    assert.equal(near.detail, 'Did you mean `orders-db`?');
    for (const resource of ['__proto__', 'constructor', 'orders-db/../billing-db', '*'])
      await assertRefused(scene(), [requestAccess(mine.task, { resource })], {
        status: 404,
        code: 'unknown_resource',
      });
    for (const action of ['postgres:ddl', 'constructor', 'POSTGRES:CONNECT', 'Action::"postgres:connect"']) {
      const answer = await crew.ask(requestAccess(mine.task, { action }));
      assert.match(assertProblem(answer, 422, 'unknown_action').detail, /`postgres:connect`/);
    }
  });

  test('too long a window is a recorded denial that says how long it may be', async () => {
    const { crew, mine } = scene();
    const most = async (durationSeconds: number) =>
      assertProblem(await crew.ask(requestAccess(mine.task, { durationSeconds })), 422, 'duration_too_long');
    for (const [asked, allowed] of [
      [14_401, 14_400],
      [43_200, 14_400],
    ] as const) {
      const problem = await most(asked);
      assert.match(problem.detail, new RegExp(`at most ${allowed} seconds`));
      assert.equal(problem.grant?.state, 'denied');
    }
  });
};
