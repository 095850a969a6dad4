import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FORMS, type OperationForm } from '../../lambdas/http/operations.ts';
import { ROUTES } from '../../lambdas/http/routes.ts';
import { ASKS, openTask, requestAccess } from './asks.ts';
import { assertRefused, invalid, type Suite, state } from './bad-input-scene.ts';
import type { Ask } from './running-stack.ts';

/** Paths, options and headers that are not what they should be. */
export const badAddresses: Suite = (scene) => {
  const WRONG_IDS = [
    'x',
    '%00',
    '..%2f..%2fme',
    '..%5c..%5cme',
    '%2e%2e%2fme',
    'TASK%23x',
    '%E2%80%AE',
    '%zz',
    '*',
    '1%27%20OR%201=1',
    'a'.repeat(4_000),
  ];

  const KINDS: Readonly<Record<string, string>> = {
    t: 'tasks',
    g: 'grants',
    r: 'runs',
    p: 'plans',
    s: 'containments',
  };

  test('an id of another form is refused wherever one is taken', async () => {
    const { mine } = scene();
    const wrong = (id: string) => [
      ...WRONG_IDS,
      id.toUpperCase(),
      `${id}%0a`,
      `${id}%20`,
      `%20${id}`,
      `${id}0`,
      id.slice(0, -1),
      id.replace(/.$/, 'u'),
    ];
    for (const { operation, path } of ROUTES.filter(({ path }) => path.includes('{id}'))) {
      const ask = ASKS[operation](mine);
      const ids = [mine.task, mine.run, mine.grant, mine.plan, mine.containment];
      const good = ids.find((id) => path.startsWith(`/v1/${KINDS[id.charAt(0)]}/`)) ?? '';
      const odd = ids.filter((id) => id !== good);
      const asks = [...wrong(good), ...odd].map((id) => ({ ...ask, path: ask.path.replace(good, id) }));
      assert.ok(ask.path.includes(good) && asks.length > 15);
      await assertRefused(scene(), asks, invalid('/path/id'));
    }
    for (const task of ['', 'x', '../x', mine.grant, mine.task.toUpperCase(), `${mine.task}\n`])
      await assertRefused(scene(), [requestAccess(task)], invalid('/task'));
  });

  test('a path that leads elsewhere leads nowhere', async () => {
    const { crew, mine } = scene();
    const before = await state(scene());
    const { grant, task, run } = mine;
    const paths = [
      `/v1/grants/${grant}/credentials/../../../tasks/${task}`,
      `/v1/tasks/${task}%2fheartbeat`,
      `/v1/grants/${grant};x=1`,
      `//v1/tasks/${task}`,
      `/v1//tasks/${task}/`,
      `/v1/runs/${run}%2f..%2f..%2fgrants%2f${grant}`,
      `/v1/grants/${grant}/runs/${run}`,
      `/v1/grants/${grant}%2f..%2f..%2ftasks%2f${task}`,
    ];
    for (const path of paths)
      for (const method of ['POST', 'PUT', 'DELETE', 'PATCH']) {
        // The gateway may put a path in order; then it is that other route's request, and this one is refused there.
        if (path.includes('/../') && method === 'DELETE') continue;
        const { status } = await crew.ask({ method, path });
        assert.ok(status === 404 || status === 400, `${method} ${path} → ${status}`);
      }
    assert.equal(await state(scene()), before);
  });

  test('an option that is not known, or belongs to another route, is refused and never ignored', async () => {
    for (const { operation } of ROUTES) {
      const form: OperationForm = FORMS[operation];
      const ask = ASKS[operation](scene().mine);
      const withQuery = (query: string): Ask => ({ ...ask, path: `${ask.path}?${query}` });
      await assertRefused(scene(), [withQuery('nope=1')], invalid('?nope'));
      await assertRefused(scene(), [withQuery('__proto__=1')], invalid('?__proto__'));
      if (operation !== 'requestAccess')
        await assertRefused(scene(), [withQuery('dryRun=true')], invalid('?dryRun'));
      if (!form.canWait) await assertRefused(scene(), [withQuery('wait=1')], invalid('?wait'));
      if (!form.query?.shape.cursor)
        await assertRefused(scene(), [withQuery('cursor=1')], invalid('?cursor'));
    }
  });

  test('a wait that is no number of seconds is refused', async () => {
    const { mine } = scene();
    const waits = [
      '',
      'soon',
      '-1',
      '1.5',
      '1e1',
      '0x10',
      '%205',
      '5s',
      'Infinity',
      'NaN',
      '99999999999999999999',
    ];
    for (const wait of waits)
      await assertRefused(
        scene(),
        [{ method: 'GET', path: `/v1/grants/${mine.grant}?wait=${wait}` }],
        invalid('?wait'),
      );
    for (const dryRun of ['', 'yes', 'TRUE', '1', 'true%20']) {
      const ask = requestAccess(mine.task);
      await assertRefused(scene(), [{ ...ask, path: `/v1/grants?dryRun=${dryRun}` }], invalid('?dryRun'));
    }
  });

  test('a cursor that is none of ours is refused', async () => {
    const { mine } = scene();
    const cursors = [
      '',
      'x',
      '1',
      `${mine.grant}`,
      '..%2f',
      `99999999999999.${mine.task}`,
      `${Date.now()}.x_0`,
    ];
    for (const cursor of cursors)
      await assertRefused(
        scene(),
        [`/v1/tasks?cursor=${cursor}`, `/v1/grants?cursor=${cursor}`].map((path) => ({
          method: 'GET',
          path,
        })),
        invalid('?cursor'),
      );
  });

  test('a key for repeating is plain text of a sensible length', async () => {
    for (const key of ['', 'a b', 'a\tb', 'ä', 'a'.repeat(129)]) {
      const headers = { 'idempotency-key': key };
      await assertRefused(scene(), [{ ...openTask(), headers }], invalid('Idempotency-Key'));
    }
  });
};
