import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { TaskView } from '../../lambdas/http/schemas.ts';
import { ASKS, endTask, newActive, newTask, release, requestAccess, until, vend } from './asks.ts';
import type { Suite } from './bad-input-scene.ts';
import { assertProblem } from './problems.ts';

/** The same things at the same time. */
export const atOnce: Suite = (scene) => {
  test('vends at once are all recorded, each in its turn', async () => {
    const { running, crew } = scene();
    const { grant } = await newActive(running, crew);
    const answers = await Promise.all(Array.from({ length: 5 }, () => crew.ask(vend(grant))));
    assert.deepEqual(
      answers.map(({ status }) => status),
      [201, 201, 201, 201, 201],
    );
    const issued = (await running.trail()).flatMap(({ chain, event }) =>
      chain === grant && event.type === 'credential.issued' ? [event.ordinal] : [],
    );
    assert.deepEqual(issued.toSorted(), [1, 2, 3, 4, 5]);
  });

  test('the same end twice at once gives the same report', async () => {
    const { running, crew } = scene();
    const { task, grant } = await newActive(running, crew);
    const both = await Promise.all([
      crew.ask(release(grant)),
      crew.ask(release(grant)),
      crew.ask(endTask(task)),
    ]);
    assert.deepEqual(
      both.map(({ status }) => status),
      [200, 200, 200],
    );
    assert.deepEqual(both[0]?.json, both[1]?.json);
    assert.deepEqual(TaskView.parse(both[2]?.json).grants, [both[0]?.json]);
  });

  test('a request that races the end of its task leaves nothing alive', async () => {
    const { running, crew } = scene();
    const tasks = await Promise.all(Array.from({ length: 4 }, () => newTask(crew)));
    await Promise.all(
      tasks.map(async (task, index) => {
        const requests = Promise.all([crew.ask(requestAccess(task)), crew.ask(requestAccess(task))]);
        await pause(index * 30);
        const ended = crew.ask(endTask(task));
        for (const { status } of await requests) assert.ok([201, 202, 410].includes(status), String(status));
        assert.ok([200, 202].includes((await ended).status));
        assertProblem(await crew.ask(requestAccess(task)), 410, 'task_over');
      }),
    );
    await until(async () => {
      const left = await Promise.all(
        tasks.map(async (task) => (await crew.ask(ASKS.readTask({ task, grant: '' }))).json),
      );
      const grants = left.flatMap((task) => TaskView.parse(task).grants ?? []);
      return (
        grants.every(({ ending }) => ending?.status === 'none' || ending?.status === 'dead') || undefined
      );
    });
    const superuser = await running.stack().postgres.asSuperuser('postgres');
    const { rows } = await superuser.query("SELECT rolname FROM pg_roles WHERE starts_with(rolname, 'lk_')");
    await superuser.end();
    const own = tasks.map((task) => `lk_${task.slice(2)}`);
    assert.deepEqual(
      rows.filter(({ rolname }) => own.some((prefix) => rolname.startsWith(prefix))),
      [],
    );
  });
};
