import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createEngine } from '../../../lambdas/core/policy/engine.ts';
import type { AccessQuestion } from '../../../lambdas/core/policy/question.ts';
import { compiled, withPolicy } from '../../support/config-text.ts';

const CONFIG = compiled();
const QUESTION: AccessQuestion = {
  principal: { issuer: 'https://id.example.com', subject: 'crew-1', type: 'agent', name: 'sales-analyst' },
  groups: ['data-crew'],
  action: 'postgres:connect',
  resource: 'orders-db',
  context: { durationSeconds: 900, approvals: 0, approverGroups: [] },
};
const ask = createEngine(CONFIG);

test('a permit that matches allows, and says which policy it was and why', () => {
  assert.deepEqual(ask(QUESTION), {
    allowed: true,
    determinedBy: [{ id: 'data-crew', reason: 'The data crew may.' }],
  });
});

test('whatever no policy permits is denied: other groups, actions, resources and durations', () => {
  const changes: readonly Partial<AccessQuestion>[] = [
    { groups: [] },
    { groups: ['data'] },
    { groups: ['DATA-CREW', 'data-crew ', 'Group::"data-crew"'] },
    { action: 'postgres:write' },
    { action: '' },
    { resource: 'orders' },
    { resource: 'prod' },
    { resource: '__proto__' },
    { context: { ...QUESTION.context, durationSeconds: 901 } },
  ];
  for (const change of changes)
    assert.deepEqual(ask({ ...QUESTION, ...change }), { allowed: false, determinedBy: [] });
});

test('a context that Cedar cannot take is a no, not an exception', () => {
  for (const durationSeconds of [Number.NaN, Number.POSITIVE_INFINITY, 0.5, 2 ** 63])
    assert.equal(ask({ ...QUESTION, context: { ...QUESTION.context, durationSeconds } }).allowed, false);
});

test('a forbid wins over every permit, and is what determines the answer', () => {
  const files = withPolicy(
    '@id("no-orders") @reason("Closed.") forbid (principal, action, resource == Resource::"orders-db");',
  );
  const closed = createEngine(compiled({ ...files, examples: ALWAYS_DENIED }));
  assert.deepEqual(closed(QUESTION), {
    allowed: false,
    determinedBy: [{ id: 'no-orders', reason: 'Closed.' }],
  });
});

test('a policy that fails to evaluate is a no, although Cedar itself would skip it', () => {
  const overflow = {
    id: 'overflow',
    reason: 'Fails.',
    file: 'x.cedar',
    text: '@id("overflow") forbid (principal, action, resource) when { context.durationSeconds * 9223372036854775807 > 0 };',
  };
  const failing = createEngine({ ...CONFIG, policies: [...CONFIG.policies, overflow] });
  assert.deepEqual(failing(QUESTION), {
    allowed: false,
    determinedBy: [{ id: 'overflow', reason: 'Fails.' }],
  });
});

test('policies that do not parse stop the engine from being made', () => {
  const broken = { id: 'x', reason: 'x', file: 'x.cedar', text: 'permit (principal' };
  assert.throws(() => createEngine({ ...CONFIG, policies: [broken] }));
});

test('two engines in one process keep their policies apart', () => {
  const empty = createEngine({ ...CONFIG, policies: [] });
  assert.equal(empty(QUESTION).allowed, false);
  assert.equal(ask(QUESTION).allowed, true);
});

const ALWAYS_DENIED =
  'examples: [{ human: x, groups: [], action: postgres:connect, resource: orders-db, durationSeconds: 60, expect: deny }]';
const NAMED = createEngine(
  compiled({
    ...withPolicy(`@id("by-name") @reason("One agent.") permit (principal == Agent::"sales-analyst", action, resource in Env::"staging");
      @id("by-pipeline") @reason("One pipeline.") permit (principal == Workload::"deployer", action, resource in Env::"staging");`),
    examples: ALWAYS_DENIED,
  }),
);
const asks = (principal: AccessQuestion['principal']) =>
  NAMED({ ...QUESTION, principal, groups: [] }).allowed;

test('a policy that names a principal means the entry of principals.yaml and nobody else', () => {
  assert.equal(asks(QUESTION.principal), true);
  assert.equal(asks({ ...QUESTION.principal, type: 'human' }), false);
  assert.equal(asks({ ...QUESTION.principal, name: 'sales' }), false);
});

test('a stranger whose issuer lets them choose the name of an entry as their subject does not become it', () => {
  assert.equal(asks({ ...QUESTION.principal, subject: 'sales-analyst' }), false);
  assert.equal(asks({ ...QUESTION.principal, issuer: 'https://evil.example' }), false);
});

test('an entry that matches by claims is itself with any subject but its own name, which only a stranger has', () => {
  const deployer = { type: 'workload', issuer: 'https://id.example.com', name: 'deployer' } as const;
  assert.equal(asks({ ...deployer, subject: 'repo:acme/deploy:ref:refs/heads/main' }), true);
  assert.equal(asks({ ...deployer, subject: 'deployer' }), false);
});
