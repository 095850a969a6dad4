import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { after, test } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { activateConfig } from '../../lambdas/app/activate-config.ts';
import { systemContext } from '../../lambdas/app/caller.ts';
import { openTask } from '../../lambdas/app/open-task.ts';
import { requestAccess } from '../../lambdas/app/request-access.ts';
import type { ConfigFiles } from '../../lambdas/core/config/config-files.ts';
import { isOver } from '../../lambdas/core/grant/grant.ts';
import { createEngine } from '../../lambdas/core/policy/engine.ts';
import { compiled, VALID } from '../support/config-text.ts';
import { CALLER, ENTRY, NOW, SOFTWARE } from '../support/facts.ts';
import { RUNNING, runningWith, sees } from '../support/running-config.ts';
import { startTables } from '../support/tables.ts';

const tables = await startTables(() => NOW);
after(() => tables.close());
const CONTEXT = systemContext({ requestId: 'r', invocationId: 'i' }, SOFTWARE);

/** The use cases as a deploy of this configuration has them, on one store. */
const deployed = (files: ConfigFiles) => {
  const config = compiled(files);
  return {
    store: tables.store,
    clock: () => NOW,
    random: (count: number) => randomBytes(count),
    backoff: () => pause(1),
    log: () => undefined,
    software: { ...SOFTWARE, policyDigest: config.digest },
    policy: { ...createEngine(config), groups: config.groups, categories: config.categories },
    resources: config.resources,
    principals: [ENTRY],
    workflow: { start: async () => undefined, endWait: async () => undefined },
  };
};

/** What becomes of a grant that one configuration gave, once another is deployed: whether it lives, and with which rights. */
const afterDeploy = async (
  from: ConfigFiles,
  to: ConfigFiles,
  ask: { readonly action: string; readonly resource?: string },
) => {
  const before = deployed(from);
  await activateConfig(before, CONTEXT);
  const opened = await openTask(before, CALLER, { request: { name: 'a task' }, idempotencyKey: undefined });
  assert.ok(opened.ok);
  const request = {
    ...{ task: opened.value.task.id, resource: 'orders-db', durationSeconds: 900, reason: 'why' },
    ...ask,
  };
  const asked = await requestAccess(before, CALLER, { request, idempotencyKey: undefined });
  assert.ok(asked.ok);
  const { id, rights } = asked.value.grant;
  await activateConfig(deployed(to), CONTEXT);
  const grant = await tables.store.readGrant(id);
  assert.ok(grant);
  return { lives: !isOver(grant), rights, cause: 'cause' in grant ? grant.cause : undefined };
};

const SEES_ALL = runningWith(sees('email', 'card', 'salary'));
const CONNECT = { action: 'postgres:connect' };

test('a login whose right to see everything shrank ends, since nothing can be taken from it', async () => {
  for (const lacking of [runningWith(sees('email', 'card')), RUNNING])
    assert.deepEqual(await afterDeploy(SEES_ALL, lacking, CONNECT), {
      lives: false,
      rights: 'connect',
      cause: 'policy_changed',
    });
});

test('a login ends when its resource becomes sensitive, and when the seeing is forbidden', async () => {
  const nothing = { ...RUNNING, resources: RUNNING.resources.replace(/ {4}sensitive:\n( {6}- .*\n)+/, '') };
  assert.equal(compiled(nothing).resources[0]?.sensitive.length, 0);
  assert.equal((await afterDeploy(nothing, RUNNING, CONNECT)).cause, 'policy_changed');
  const forbidden = runningWith(
    `${sees('email', 'card', 'salary')} @id("f") @reason("r") forbid (principal, action == Action::"unmask", resource);`,
  );
  assert.equal((await afterDeploy(SEES_ALL, forbidden, CONNECT)).cause, 'policy_changed');
});

test('a login that could still see as much, or never could, goes on', async () => {
  const more = { ...SEES_ALL, issuers: VALID.issuers.replace('900', '600') };
  assert.deepEqual(await afterDeploy(SEES_ALL, more, CONNECT), {
    lives: true,
    rights: 'connect',
    cause: undefined,
  });
  const masked = await afterDeploy(RUNNING, SEES_ALL, CONNECT);
  assert.deepEqual([masked.lives, masked.rights], [true, 'connect_masked']);
});

test('a grant of runs goes on when each run now needs people or sees less, and ends when policy denies it', async () => {
  const WRITE = { action: 'postgres:write' };
  const asking = runningWith(
    '@id("ask") @reason("r") forbid (principal, action == Action::"postgres:write", resource) unless { context.approvals >= 2 };',
  );
  assert.equal((await afterDeploy(SEES_ALL, asking, WRITE)).lives, true);
  const closed = runningWith(
    '@id("closed") @reason("r") forbid (principal, action == Action::"postgres:write", resource);',
  );
  assert.equal((await afterDeploy(RUNNING, closed, WRITE)).cause, 'policy_changed');
});
