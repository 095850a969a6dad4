import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { PrincipalEntry } from '../../../lambdas/core/config/issuer.ts';
import type { PersonQuestion } from '../../../lambdas/core/policy/question.ts';
import { offersButton } from '../../../lambdas/core/slack/offers-button.ts';
import { PENDING } from '../../support/approvals.ts';
import { ENTRY, NOW } from '../../support/facts.ts';

const ANA: PrincipalEntry = {
  ...ENTRY,
  name: 'ana.silva',
  type: 'human',
  subject: 'ana.silva',
  groups: ['dba'],
  owners: [],
  slack: { team: 'T0LATCHKEY', user: 'U0ANASILVA' },
};

const offers = (principals: readonly PrincipalEntry[], approval = PENDING) => {
  const asked: PersonQuestion[] = [];
  const askPerson = (question: PersonQuestion) => {
    asked.push(question);
    return { allowed: question.groups.includes('dba'), determinedBy: [] };
  };
  return { offered: offersButton({ askPerson }, approval, { principals, at: NOW + 60_000 }), asked };
};

test('a button approves where policy lets somebody who can press it', () => {
  const { offered, asked } = offers([ENTRY, ANA]);
  assert.equal(offered, true);
  const [{ action, resource, context } = assert.fail()] = asked;
  assert.deepEqual(
    { action, resource, context },
    {
      action: 'approve_by_button',
      resource: 'orders-db',
      context: { requested: 'postgres:write', durationSeconds: 900, waitedSeconds: 60 },
    },
  );
});

test('and not where nobody can: no account, not permitted, a machine, or left out of the decision', () => {
  for (const principals of [
    [],
    [{ ...ANA, slack: undefined }],
    [{ ...ANA, groups: ['sales'] }],
    [{ ...ANA, type: 'agent' as const }],
    [ANA, { ...ANA, name: 'another' }],
  ])
    assert.equal(offers(principals).offered, false, JSON.stringify(principals));
  assert.equal(
    offers([ANA], { ...PENDING, excluded: [{ issuer: ANA.issuer, subject: 'ana.silva' }] }).offered,
    false,
  );
});
