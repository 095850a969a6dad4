import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createEngine } from '../../../lambdas/core/policy/engine.ts';
import { imaginedRun } from '../../../lambdas/core/policy/imagined-run.ts';
import type { AccessQuestion, RunFacts, UnmaskQuestion } from '../../../lambdas/core/policy/question.ts';
import { ANY_ACCESS, compiled, withPolicy } from '../../support/config-text.ts';

const CONFIG = compiled();
const QUESTION: AccessQuestion = {
  principal: { issuer: 'https://id.example.com', subject: 'crew-1', type: 'agent', name: 'sales-analyst' },
  groups: ['data-crew'],
  action: 'postgres:connect',
  resource: 'orders-db',
  context: { durationSeconds: 900, approvals: 0, approverGroups: [] },
};
const { ask } = createEngine(CONFIG);

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

test('a policy may look at the profile that is asked for', () => {
  const files = withPolicy(
    `@id("one-profile") @reason("r") permit (principal, action == Action::"aws:assume", resource)
     when { context has profile && context.profile == "read" };`,
  );
  const { ask: profiled } = createEngine(compiled(files));
  const asked = (profile?: string) =>
    profiled({
      ...QUESTION,
      action: 'aws:assume',
      context: { ...QUESTION.context, ...(profile === undefined ? {} : { profile }) },
    }).allowed;
  assert.deepEqual([asked('read'), asked('write'), asked()], [true, false, false]);
});

test('a context that Cedar cannot take is a no, not an exception', () => {
  for (const durationSeconds of [Number.NaN, Number.POSITIVE_INFINITY, 0.5, 2 ** 63])
    assert.equal(ask({ ...QUESTION, context: { ...QUESTION.context, durationSeconds } }).allowed, false);
});

test('a forbid wins over every permit, and is what determines the answer', () => {
  const files = withPolicy(
    '@id("no-orders") @reason("Closed.") forbid (principal, action, resource == Resource::"orders-db");',
  );
  const { ask: closed } = createEngine(compiled({ ...files, examples: ALWAYS_DENIED }));
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
  const { ask: failing } = createEngine({ ...CONFIG, policies: [...CONFIG.policies, overflow] });
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
  const { ask: empty } = createEngine({ ...CONFIG, policies: [] });
  assert.equal(empty(QUESTION).allowed, false);
  assert.equal(ask(QUESTION).allowed, true);
});

const ALWAYS_DENIED =
  'examples: [{ human: x, groups: [], action: postgres:connect, resource: orders-db, durationSeconds: 60, expect: deny }]';
const { ask: askNamed } = createEngine(
  compiled({
    ...withPolicy(`@id("by-name") @reason("One agent.") permit (principal == Agent::"sales-analyst", ${ANY_ACCESS}, resource in Env::"staging");
      @id("by-pipeline") @reason("One pipeline.") permit (principal == Workload::"deployer", ${ANY_ACCESS}, resource in Env::"staging");`),
    examples: ALWAYS_DENIED,
  }),
);
const asks = (principal: AccessQuestion['principal']) =>
  askNamed({ ...QUESTION, principal, groups: [] }).allowed;

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

const policy = (text: string) => ({ id: 'p', reason: 'r', file: 'x.cedar', text });
const engineWith = (...texts: readonly string[]) =>
  createEngine({ ...CONFIG, policies: texts.map((text, at) => ({ ...policy(text), id: `p${at}` })) });

const WRITE: AccessQuestion = {
  ...QUESTION,
  action: 'postgres:write',
  context: { ...QUESTION.context, run: imaginedRun({ class: 'write', tables: ['public.orders'] }) },
};
const askedOf = (condition: string) => {
  const { ask: asking } = engineWith(
    `permit (principal, action == Action::"postgres:write", resource) when { context has run && ${condition} };`,
  );
  return (change: Partial<RunFacts> = {}) => {
    const run = { ...imaginedRun({ class: 'write', tables: ['public.orders'] }), ...change };
    return asking({ ...WRITE, context: { ...WRITE.context, run } }).allowed;
  };
};

test('every fact of a statement reaches policy, and another one is another answer', () => {
  const used = { runs: 3, rows: 30, bytes: 300, failures: 1 };
  const facts: readonly (readonly [string, Partial<RunFacts>])[] = [
    ['context.run.class == "ddl"', { class: 'ddl' }],
    ['context.run.verb == "delete"', { verb: 'delete' }],
    ['!context.run.bounded', { bounded: false }],
    ['context.run.tables.containsAll(["public.a", "public.b"])', { tables: ['public.a', 'public.b'] }],
    ['context.run.columns.contains("total")', { columns: ['total'] }],
    ['context.run.functions == ["count"]', { functions: ['count'] }],
    ['context.run has estimatedRows && context.run.estimatedRows == 7', { estimatedRows: 7 }],
    ['context.run.usedByTask.rows == 30 && context.run.usedByTask.bytes == 300', { usedByTask: used }],
    [
      'context.run.usedByPrincipal.runs == 3 && context.run.usedByPrincipal.failures == 1',
      { usedByPrincipal: used },
    ],
  ];
  for (const [condition, change] of facts) {
    const asking = askedOf(condition);
    assert.deepEqual([asking(change), asking()], [true, false], condition);
  }
});

test('a grant is asked for without a run, so what demands one is a no for the grant', () => {
  const { ask: asking } = engineWith(
    'permit (principal, action == Action::"postgres:write", resource) when { context has run };',
  );
  assert.equal(asking(WRITE).allowed, true);
  assert.equal(asking({ ...WRITE, context: QUESTION.context }).allowed, false);
});

test('facts that Cedar cannot take are a no, not an exception', () => {
  const asking = askedOf('true');
  assert.equal(asking(), true);
  for (const change of [
    { estimatedRows: 0.5 },
    { estimatedRows: Number.NaN },
    { usedByTask: { ...WRONG, rows: 2 ** 63 } },
  ])
    assert.equal(asking(change), false);
});
const WRONG = { runs: 0, rows: 0, bytes: 0, failures: 0 };

const SEE: UnmaskQuestion = {
  principal: QUESTION.principal,
  groups: ['desk'],
  resource: 'orders-db',
  category: 'email',
};
const DESK =
  'permit (principal in Group::"desk", action == Action::"unmask", resource == Resource::"orders-db") when { context.category == Category::"email" };';

test('seeing is asked for one category on one resource, and one yes says nothing of another', () => {
  const { askUnmask } = engineWith(DESK);
  assert.deepEqual(askUnmask(SEE), { allowed: true, determinedBy: [{ id: 'p0', reason: 'r' }] });
  const changes: readonly Partial<UnmaskQuestion>[] = [
    { category: 'card' },
    { category: 'Email' },
    { category: 'no such category' },
    { resource: 'billing-db' },
    { resource: 'nowhere' },
    { groups: [] },
  ];
  for (const change of changes)
    assert.equal(askUnmask({ ...SEE, ...change }).allowed, false, JSON.stringify(change));
});

test('a permit of seeing gives no access, and a permit of every access shows nothing', () => {
  const desk = engineWith(DESK);
  for (const action of ['postgres:connect', 'postgres:read', 'postgres:write', 'postgres:ddl', 'unmask'])
    assert.equal(desk.ask({ ...QUESTION, groups: ['desk'], action }).allowed, false, action);
  const access = engineWith(`permit (principal, ${ANY_ACCESS}, resource);`);
  assert.equal(access.askUnmask(SEE).allowed, false);
  assert.equal(access.ask(QUESTION).allowed, true);
});

test('a forbid of every action takes seeing away too', () => {
  const { askUnmask } = engineWith(DESK, 'forbid (principal in Group::"support", action, resource);');
  assert.equal(askUnmask(SEE).allowed, true);
  assert.equal(askUnmask({ ...SEE, groups: ['desk', 'support'] }).allowed, false);
});

test('a permit without actions would show everything: this is why configuration refuses one', () => {
  assert.equal(engineWith('permit (principal, action, resource);').askUnmask(SEE).allowed, true);
});
