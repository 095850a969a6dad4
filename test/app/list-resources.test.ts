import assert from 'node:assert/strict';
import { test } from 'node:test';
import { listResources } from '../../lambdas/app/list-resources.ts';
import type { ConfigFiles } from '../../lambdas/core/config/config-files.ts';
import { createEngine } from '../../lambdas/core/policy/engine.ts';
import type { AskPolicy } from '../../lambdas/core/policy/question.ts';
import { compiled } from '../support/config-text.ts';
import { PRINCIPAL } from '../support/facts.ts';
import { RUNNING, runningWith } from '../support/running-config.ts';

/** How often policy was asked, by action, for the last list. */
const asked = new Map<string, number>();

const offered = (files: ConfigFiles = RUNNING, principal = PRINCIPAL) => {
  const config = compiled(files);
  const engine = createEngine(config);
  asked.clear();
  const ask: AskPolicy = (question) => {
    const about = `${question.resource} ${question.action}`;
    asked.set(about, (asked.get(about) ?? 0) + 1);
    return engine.ask(question);
  };
  const policy = { ...engine, ask, groups: config.groups, categories: config.categories };
  return listResources({ policy, resources: config.resources }, principal).flatMap(({ resource, actions }) =>
    actions.map(({ action, mode, quorum, maxDurationSeconds }) =>
      [resource.id, action, mode, quorum, maxDurationSeconds].join(' '),
    ),
  );
};

test('each action says how it is used, how many people it needs, and for how long it can be had', () => {
  assert.deepEqual(offered(), [
    'orders-db postgres:connect credential 0 3600',
    'orders-db postgres:read run 0 3600',
    'orders-db postgres:write run 0 3600',
    'billing-db postgres:connect credential 1 14400',
    'billing-db postgres:read run 0 3600',
    // The grant is given without people, and so for an hour at most; each run under it waits for one.
    'billing-db postgres:write run 1 3600',
  ]);
});

test('what policy bounds is offered with its bound, and what it forbids is left out', () => {
  const files = runningWith(`
    @id("short") @reason("r") forbid (principal, action == Action::"postgres:read", resource) when { context.durationSeconds > 900 };
    @id("no-writes") @reason("r") forbid (principal, action == Action::"postgres:write", resource);`);
  assert.deepEqual(
    offered(files).filter((line) => !line.includes('connect')),
    ['orders-db postgres:read run 0 900', 'billing-db postgres:read run 0 900'],
  );
});

test('who may ask for nothing is told of nothing', () => {
  assert.deepEqual(offered(RUNNING, { ...PRINCIPAL, groups: { known: true, names: [] } }), []);
  assert.deepEqual(offered(RUNNING, { ...PRINCIPAL, groups: { known: false } }), []);
});

test('a window is offered with the people it needs, also by a policy that asks for fewer where it is longer', () => {
  const files = runningWith(
    `@id("odd") @reason("r") forbid (principal, action == Action::"postgres:connect", resource)
      unless { context.durationSeconds > 1800 || context.approvals >= 2 };`,
  );
  assert.ok(offered(files).includes('billing-db postgres:connect credential 2 1800'));
});

test('a list asks policy twice where it says no, and once for each halving where it bounds the time', () => {
  offered(RUNNING, { ...PRINCIPAL, groups: { known: true, names: [] } });
  assert.deepEqual(new Set(asked.values()), new Set([2]));
  offered(
    runningWith(
      `@id("short") @reason("r") forbid (principal, action == Action::"postgres:connect", resource) when { context.durationSeconds > 900 };`,
    ),
  );
  // A minute without people, the whole hour, and 12 halvings between them. With people three for the minute, and 13 to four hours,
  // each once more where it is allowed: to see that fewer would not do.
  assert.equal(asked.get('orders-db postgres:connect'), 14);
  assert.equal(asked.get('billing-db postgres:connect'), 21);
});
