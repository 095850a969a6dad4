import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { PrincipalEntry } from '../../../lambdas/core/config/issuer.ts';
import { findSlackPerson } from '../../../lambdas/core/slack/find-slack-person.ts';
import { ENTRY } from '../../support/facts.ts';
import { SLACK_HOME, SLACK_USER } from '../../support/slack-requests.ts';

const ACCOUNT = { team: SLACK_HOME.teamId, user: SLACK_USER };
const ANA: PrincipalEntry = {
  ...ENTRY,
  name: 'ana.silva',
  type: 'human',
  subject: 'ana.silva',
  owners: [],
  slack: ACCOUNT,
};

test('a user of Slack is the person whose entry says so', () => {
  assert.equal(findSlackPerson(ACCOUNT, [ENTRY, ANA])?.subject, 'ana.silva');
});

test('nobody else is: not by name, of another team, for an agent, or without a subject', () => {
  for (const entry of [
    { ...ANA, slack: undefined },
    { ...ANA, slack: { ...ACCOUNT, team: 'T0OTHER' } },
    { ...ANA, slack: { ...ACCOUNT, user: 'U0OTHER' } },
    { ...ANA, type: 'agent' as const },
    { ...ANA, type: 'workload' as const },
    { ...ANA, subject: undefined },
  ])
    assert.equal(findSlackPerson(ACCOUNT, [entry]), undefined, JSON.stringify(entry));
});

test('an account that two entries claim is nobody’s', () => {
  assert.equal(
    findSlackPerson(ACCOUNT, [ANA, { ...ANA, name: 'jonas.weber', subject: 'jonas.weber' }]),
    undefined,
  );
  assert.equal(findSlackPerson(ACCOUNT, [{ ...ENTRY, slack: ACCOUNT }, ANA]), undefined);
});
