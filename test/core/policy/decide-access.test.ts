import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { CompiledConfig } from '../../../lambdas/core/config/compiled.ts';
import type { ResourceAction } from '../../../lambdas/core/config/resource.ts';
import {
  type AccessCase,
  decideAccess,
  rightsFor,
  unmaskedCategories,
  verdictOnRun,
} from '../../../lambdas/core/policy/decide-access.ts';
import { createEngine } from '../../../lambdas/core/policy/engine.ts';
import { imaginedRun } from '../../../lambdas/core/policy/imagined-run.ts';
import { compiled } from '../../support/config-text.ts';
import { PRINCIPAL } from '../../support/facts.ts';
import { RUNNING, runningWith, sees } from '../../support/running-config.ts';

const CONFIG = compiled(RUNNING);
const policyOf = (config: CompiledConfig) => ({
  ...createEngine(config),
  groups: config.groups,
  categories: config.categories,
});
const POLICY = policyOf(CONFIG);
const [ORDERS, BILLING] = CONFIG.resources;
assert.ok(ORDERS && BILLING);

/** A change in production: policy asks for a person. */
const FRAME: AccessCase = {
  principal: PRINCIPAL,
  resource: BILLING,
  action: 'postgres:write',
  durationSeconds: 3600,
  isContained: false,
};
const decided = (change: Partial<AccessCase> = {}, policy = POLICY) => {
  const decision = decideAccess(policy, { ...FRAME, ...change });
  return decision.effect === 'refuse' ? decision.denial : decision.quorum;
};

test('a grant of runs is given without people, for each run asks for them, and a login is not', () => {
  assert.equal(decided(), 0);
  assert.equal(decided({ action: 'postgres:connect' }), 1);
});

test('who would be asked for each run is told with the grant all the same', () => {
  const decision = decideAccess(POLICY, FRAME);
  assert.deepEqual(decision.effect === 'allow' && decision.askedBy.map(({ id }) => id), [
    'prod-needs-approval',
  ]);
});

test('what is given without people lasts an hour at most, however long it would be approved for', () => {
  assert.equal(decided({ durationSeconds: 3601 }), 'duration_too_long');
  assert.equal(decided({ durationSeconds: 3601, action: 'postgres:read' }), 'duration_too_long');
  assert.equal(decided({ durationSeconds: 3601, action: 'postgres:connect' }), 1);
});

test('an agent that nobody answers for gets no grant under which a run would need people', () => {
  const principal = { ...PRINCIPAL, owners: [] };
  assert.equal(decided({ principal }), 'owner_unknown');
  assert.equal(decided({ principal, action: 'postgres:read' }), 0);
  assert.equal(decided({ principal: { ...principal, type: 'human' } }), 0);
});

test('a grant of runs that policy denies is denied', () => {
  assert.equal(decided({ principal: { ...PRINCIPAL, groups: { known: true, names: [] } } }), 'policy_denied');
  const closed = compiled(
    runningWith(
      '@id("closed") @reason("r") forbid (principal, action == Action::"postgres:write", resource);',
    ),
  );
  assert.equal(decided({}, policyOf(closed)), 'policy_denied');
  assert.equal(decided({ action: 'postgres:read' }, policyOf(closed)), 0);
});

test('every other no comes before policy is asked', () => {
  assert.equal(decided({ principal: { ...PRINCIPAL, listed: false } }), 'principal_unknown');
  assert.equal(decided({ principal: { ...PRINCIPAL, groups: { known: false } } }), 'groups_unavailable');
  assert.equal(decided({ isContained: true }), 'contained');
  assert.equal(decided({ durationSeconds: 14_401 }), 'duration_too_long');
});

const run = (action: ResourceAction, facts: Partial<Parameters<typeof imaginedRun>[0]> = {}) => {
  const verdict = verdictOnRun(POLICY, {
    principal: PRINCIPAL,
    groups: ['data-crew'],
    resource: BILLING,
    action,
    durationSeconds: 900,
    run: imaginedRun({ class: action === 'postgres:read' ? 'read' : 'write', ...facts }),
  });
  return verdict.effect === 'deny' ? 'deny' : verdict.quorum;
};

test('a run needs the people that its own statement asks for', () => {
  assert.equal(run('postgres:read'), 0);
  assert.equal(run('postgres:write'), 1);
  assert.equal(run('postgres:write', { bounded: false }), 'deny');
});

const about = { principal: PRINCIPAL, groups: ['data-crew'], resource: ORDERS };

test('nothing is seen as it is until a policy names its category, and each category is asked for by itself', () => {
  assert.deepEqual(unmaskedCategories(POLICY, about), []);
  const some = policyOf(compiled(runningWith(sees('email', 'salary'))));
  assert.deepEqual(unmaskedCategories(some, about), ['email', 'salary']);
  assert.deepEqual(unmaskedCategories(some, { ...about, groups: [] }), []);
});

test('a login has the whole template only for who may see every category of that resource', () => {
  const all = ['email', 'card', 'salary'];
  assert.equal(rightsFor(ORDERS, 'postgres:connect', all), 'connect');
  for (const lacking of all)
    assert.equal(
      rightsFor(
        ORDERS,
        'postgres:connect',
        all.filter((one) => one !== lacking),
      ),
      'connect_masked',
      lacking,
    );
  assert.equal(rightsFor(BILLING, 'postgres:connect', []), 'connect');
});

test('a run has the rights of its class, whatever its caller may see: its answer is masked, not its role', () => {
  for (const unmasked of [[], ['email', 'card', 'salary']]) {
    assert.equal(rightsFor(ORDERS, 'postgres:read', unmasked), 'read');
    assert.equal(rightsFor(ORDERS, 'postgres:write', unmasked), 'write');
    assert.equal(rightsFor(ORDERS, 'postgres:ddl', unmasked), 'ddl');
  }
});
