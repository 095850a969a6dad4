import assert from 'node:assert/strict';
import { test } from 'node:test';
import { compiledConfig } from '../../../bin/compiled-config.ts';
import { createEngine } from '../../../lambdas/core/policy/engine.ts';
import type { ContainmentQuestion } from '../../../lambdas/core/policy/question.ts';
import { compiled, withPolicy } from '../../support/config-text.ts';

const ISSUER = 'https://id.example.com';
const DORA = { issuer: ISSUER, subject: 'dora', type: 'human', name: 'dora' } as const;
const AGENT = { issuer: ISSUER, subject: 'crew-1', type: 'agent', name: 'sales-analyst' } as const;

const EVERYTHING: ContainmentQuestion = {
  principal: DORA,
  groups: ['operators'],
  action: 'contain',
  stopped: { scope: 'everything' },
};
const OF_RESOURCE = { ...EVERYTHING, stopped: { scope: 'resource', resource: 'orders-db' } } as const;
const ofAgent = (scope: 'principal' | 'task', holderGroups: readonly string[] = ['data-crew']) =>
  ({ ...EVERYTHING, stopped: { scope, holder: AGENT, holderGroups } }) as const;

const DENIED =
  'examples: [{ workload: deployer, action: postgres:connect, resource: orders-db, durationSeconds: 60, expect: deny }]';

/** Whether somebody in `operators` may stop or lift each of these, by one policy. */
const answersOf = (resource: string, actions = '== Action::"contain"', rest = '') => {
  const text = `@id("op") @reason("r") permit (principal in Group::"operators", action ${actions}, ${resource})${rest};`;
  const { askContainment } = createEngine(compiled(withPolicy(text)));
  return [EVERYTHING, OF_RESOURCE, ofAgent('principal'), ofAgent('task')].map(
    (question) => askContainment(question).allowed,
  );
};

test('nobody stops or lifts anything unless a policy says so', () => {
  const { askContainment } = createEngine(compiled());
  for (const action of ['contain', 'lift'] as const)
    for (const question of [EVERYTHING, OF_RESOURCE, ofAgent('principal'), ofAgent('task')])
      assert.deepEqual(askContainment({ ...question, action }), { allowed: false, determinedBy: [] });
});

test('a policy says what may be stopped: everything, resources of an environment, or callers of a group', () => {
  assert.deepEqual(answersOf('resource'), [true, true, true, true]);
  assert.deepEqual(answersOf('resource == Everything::"everything"'), [true, false, false, false]);
  assert.deepEqual(answersOf('resource == Resource::"orders-db"'), [false, true, false, false]);
  assert.deepEqual(answersOf('resource in Env::"staging"'), [false, true, false, false]);
  assert.deepEqual(answersOf('resource in Env::"prod"'), [false, false, false, false]);
  assert.deepEqual(answersOf('resource in Group::"data-crew"'), [false, false, true, true]);
  assert.deepEqual(answersOf('resource in Group::"others"'), [false, false, false, false]);
  const tasks = answersOf('resource', undefined, ' when { context.scope == "task" }');
  assert.deepEqual(tasks, [false, false, false, true]);
});

test('stopping and lifting are two actions', () => {
  assert.deepEqual(answersOf('resource', '== Action::"lift"'), [false, false, false, false]);
  assert.deepEqual(answersOf('resource', 'in [Action::"lift", Action::"contain"]'), [true, true, true, true]);
});

test('only people are asked about, and only in the groups that they have now', () => {
  const text = '@id("op") @reason("r") permit (principal, action == Action::"contain", resource);';
  const { askContainment } = createEngine(compiled(withPolicy(text)));
  assert.equal(askContainment(EVERYTHING).allowed, true);
  for (const type of ['agent', 'workload'] as const)
    assert.equal(askContainment({ ...EVERYTHING, principal: { ...DORA, type } }).allowed, false);
  const { askContainment: ofGroup } = createEngine(
    compiled(withPolicy(text.replace('(principal,', '(principal in Group::"operators",'))),
  );
  assert.equal(ofGroup({ ...EVERYTHING, groups: [] }).allowed, false);
});

test('a caller whom the file does not list is reached by no name, and a resource that is not there by nothing', () => {
  const text =
    '@id("op") @reason("r") permit (principal, action == Action::"contain", resource is Agent in Group::"data-crew");';
  const { askContainment } = createEngine(compiled(withPolicy(text)));
  assert.equal(askContainment(ofAgent('principal')).allowed, true);
  assert.equal(askContainment(ofAgent('principal', [])).allowed, false);
  const open = '@id("op") @reason("r") permit (principal, action == Action::"contain", resource);';
  const { askContainment: ofAll } = createEngine(compiled(withPolicy(open)));
  const gone = { scope: 'resource', resource: 'gone-db' } as const;
  assert.equal(ofAll({ ...EVERYTHING, stopped: gone }).allowed, false);
});

test('a forbid that names no action takes stopping away with the rest', () => {
  const files = withPolicy(`@id("op") @reason("r") permit (principal, action == Action::"contain", resource);
@id("closed") @reason("c") forbid (principal, action, resource == Resource::"orders-db");`);
  const { askContainment } = createEngine(compiled({ ...files, examples: DENIED }));
  assert.equal(askContainment(OF_RESOURCE).allowed, false);
  assert.equal(askContainment(EVERYTHING).allowed, true);
});

test('by the sample, database administrators stop and lift, and nobody else does', () => {
  const { askContainment } = createEngine(compiledConfig('config', 'required'));
  const asked = (groups: readonly string[]) =>
    (['contain', 'lift'] as const).flatMap((action) =>
      [EVERYTHING, OF_RESOURCE, ofAgent('principal'), ofAgent('task')].map(
        (question) => askContainment({ ...question, action, groups }).allowed,
      ),
    );
  assert.deepEqual([...new Set(asked(['database-admins']))], [true]);
  for (const groups of [[], ['finance'], ['data-crew'], ['incident-leads'], ['platform-on-call']])
    assert.deepEqual([...new Set(asked(groups))], [false]);
});
