import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { createEngine } from '../../../lambdas/core/policy/engine.ts';
import type { AskPolicy } from '../../../lambdas/core/policy/question.ts';
import { findQuorum, type OpenQuestion } from '../../../lambdas/core/policy/quorum.ts';
import { ANY_ACCESS, compiled, withPolicy } from '../../support/config-text.ts';

const QUESTION: OpenQuestion = {
  principal: { issuer: 'https://id.example.com', subject: 'crew-1', type: 'agent', name: 'sales-analyst' },
  groups: ['data-crew'],
  action: 'postgres:connect',
  resource: 'billing-db',
  durationSeconds: 900,
};
const CREW = { id: 'data-crew', reason: 'The data crew may.' };
const RAIL = { id: 'prod-needs-approval', reason: 'Production needs a person.' };

test('what is allowed without people has a quorum of none', () => {
  const config = compiled();
  assert.deepEqual(
    findQuorum(createEngine(config).ask, { ...QUESTION, resource: 'orders-db' }, config.groups),
    {
      effect: 'allow',
      quorum: 0,
      determinedBy: [CREW],
      askedBy: [],
    },
  );
});

test('a guard rail asks for one person: the verdict says who allowed it then, and who said no before', () => {
  const config = compiled();
  assert.deepEqual(findQuorum(createEngine(config).ask, QUESTION, config.groups), {
    effect: 'allow',
    quorum: 1,
    determinedBy: [CREW],
    askedBy: [RAIL],
  });
});

test('what no number of people allows is denied, for the forbids that still stand then', () => {
  const config = compiled(
    withPolicy(
      `@id("short") @reason("Short only.") forbid (principal, ${ANY_ACCESS}, resource) when { context.durationSeconds > 1800 };`,
    ),
  );
  const { ask } = createEngine(config);
  const verdict = findQuorum(ask, { ...QUESTION, durationSeconds: 1801 }, config.groups);
  assert.deepEqual(verdict, { effect: 'deny', determinedBy: [{ id: 'short', reason: 'Short only.' }] });
  assert.deepEqual(findQuorum(ask, { ...QUESTION, groups: [] }, config.groups), {
    effect: 'deny',
    determinedBy: [],
  });
});

test('an approver from a group is supposed to be findable, and nobody is in a group before there are people', () => {
  const config = compiled({
    ...withPolicy(`@id("finance") @reason("Finance agrees.") forbid (principal, ${ANY_ACCESS}, resource in Env::"prod")
      unless { context.approvals >= 3 && context.approverGroups.contains(Group::"finance") };`),
    examples:
      'examples: [{ agent: sales-analyst, action: postgres:connect, resource: billing-db, durationSeconds: 900, expect: needs_approval(3) }]',
  });
  const { ask } = createEngine(config);
  const verdict = findQuorum(ask, QUESTION, config.groups);
  assert.equal(verdict.effect === 'allow' && verdict.quorum, 3);
  assert.equal(findQuorum(ask, QUESTION, ['data-crew']).effect, 'deny');
});

test('the quorum is the smallest number that is allowed, and more than the largest number is a denial', () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 9 }), (needed) => {
      const ask: AskPolicy = ({ context }) => ({ allowed: context.approvals >= needed, determinedBy: [] });
      const verdict = findQuorum(ask, QUESTION, []);
      if (needed > 5) assert.equal(verdict.effect, 'deny');
      else assert.equal(verdict.effect === 'allow' && verdict.quorum, needed);
    }),
  );
});

test('a permit and a forbid that both ask for people need as many as the stricter of them', () => {
  const config = compiled();
  const number = fc.integer({ min: 0, max: 7 });
  fc.assert(
    fc.property(number, number, fc.boolean(), (forPermit, forForbid, needsGroup) => {
      const group = needsGroup ? '&& context.approverGroups.contains(Group::"finance")' : '';
      const policies = [
        `permit (principal, action, resource) when { context.approvals >= ${forPermit} };`,
        `forbid (principal, action, resource) unless { ${forForbid} <= context.approvals ${group} };`,
      ].map((text, at) => ({ id: `p${at}`, reason: 'r', file: 'x.cedar', text }));
      const verdict = findQuorum(createEngine({ ...config, policies }).ask, QUESTION, ['finance']);
      const needed = Math.max(forPermit, forForbid, needsGroup ? 1 : 0);
      assert.equal(verdict.effect === 'allow' ? verdict.quorum : 'deny', needed > 5 ? 'deny' : needed);
    }),
  );
});
