import assert from 'node:assert/strict';
import { test } from 'node:test';
import { compilePrincipals } from '../../../lambdas/core/config/principals-file.ts';
import { ENTRY, PROFILE } from '../../support/sample-identity.ts';

const { claims: _, ...SECTION } = ENTRY;

const compile = (...changes: readonly object[]) =>
  compilePrincipals({ principals: changes.map((change) => ({ ...SECTION, ...change })) }, [PROFILE]);

const mistakes = (...changes: readonly object[]): readonly string[] => {
  const result = compile(...changes);
  return result.ok ? [] : result.errors.map(({ path, message }) => `${path}: ${message}`);
};

const OTHER = { name: 'other', subject: 'other-crew' };

test('an entry is kept as it was written', () => {
  assert.deepEqual(compile({}), { ok: true, value: [ENTRY] });
});

test('claims can stand for a subject, and then there is none', () => {
  const result = compile({ subject: undefined, claims: { repository_id: '1' } });
  assert.deepEqual(result, {
    ok: true,
    value: [{ ...ENTRY, subject: undefined, claims: { repository_id: '1' } }],
  });
});

test('a file without principals is a file', () => {
  assert.deepEqual(compile(), { ok: true, value: [] });
});

test('an entry must say which caller it means', () => {
  assert.match(mistakes({ subject: undefined }).join(), /^principals\[0\]\.subject: "subject" is missing/);
  assert.match(mistakes({ claims: { sub: 'x' } }).join(), /write it as "subject"/);
});

test('issuers of entries and owners must be known to the character', () => {
  const issuer = `${PROFILE.issuer}/`;
  assert.deepEqual(mistakes({ issuer }), [
    'principals[0].issuer: "issuer" is not in issuers.yaml: copy it from there, trailing slash included.',
  ]);
  assert.match(
    mistakes({ owners: [{ ...ENTRY.owners[0], issuer }] }).join(),
    /^principals\[0\]\.owners\[0\]\.issuer/,
  );
});

test('patterns are refused, since they would silently match nothing', () => {
  assert.match(mistakes({ subject: 'sales-*' }).join(), /compared exactly/);
  assert.match(mistakes({ groups: ['*'] }).join(), /compared exactly/);
  assert.match(mistakes({ claims: { ref: 'refs/heads/*' } }).join(), /compared exactly/);
  assert.match(mistakes({ subject: ' sales-crew' }).join(), /begin or end with a space/);
});

test('a subject that no token can have is refused, of an entry and of an owner', () => {
  for (const subject of ['s\u0430les-crew', 'crew-\u00fc', 'crew\u200b', 'crew-\u{1f600}']) {
    const mend = /subject: "subject" must be ASCII.*copy it from a token/;
    const [mistake = '', ...others] = mistakes({ subject });
    assert.match(mistake, mend);
    assert.deepEqual(others, []);
    assert.match(mistakes({ owners: [{ ...ENTRY.owners[0], subject }] }).join(), mend);
  }
  assert.deepEqual(mistakes({ subject: 'auth0|crew 1~' }), []);
  assert.deepEqual(mistakes({ claims: { team: 'K\u00f6ln' } }), [], 'claims may be in any script');
});

test('two entries that one token could match are refused where it can be seen', () => {
  assert.deepEqual(mistakes({}, { name: 'other' }), [
    'principals[1].subject: "subject" and "claims" are matched by principals[0] too: keep one of the two.',
  ]);
  const narrower = { name: 'narrower', claims: { team: 'sales' } };
  assert.match(mistakes(narrower, {}).join(), /^principals\[0\]\.subject: .* principals\[1\]/);
  assert.match(mistakes({}, narrower).join(), /^principals\[1\]\.subject: .* principals\[0\]/);
  const byClaims = { subject: undefined, claims: { team: 'sales' } };
  assert.match(mistakes(byClaims, { ...byClaims, name: 'other' }).join(), /^principals\[1\]/);
  assert.deepEqual(mistakes({}, OTHER), []);
});

test('names are unique and plain', () => {
  assert.deepEqual(mistakes({}, { ...OTHER, name: ENTRY.name }), [
    `principals[1].name: "name" is taken by principals[0]: choose another.`,
  ]);
  for (const name of ['', 'a b', '<b>', 'ſales', '-x', 'x'.repeat(65)]) {
    assert.match(mistakes({ name }).join(), /^principals\[0\]\.name/, name);
  }
});

test('an owner is a person, and never the agent itself or another agent', () => {
  const owner = (subject: string) => ({ owners: [{ name: 'X', issuer: PROFILE.issuer, subject }] });
  assert.match(mistakes(owner('sales-crew')).join(), /an owner is a person/);
  assert.match(
    mistakes(owner('other-crew'), OTHER).join(),
    /^principals\[0\]\.owners\[0\]\.subject: "subject" is the agent "other"/,
  );
  assert.deepEqual(mistakes(owner('other-crew'), { ...OTHER, type: 'human' }), []);
});

const SLACK = { team: 'T0123ABCD', user: 'U0123ABCD' };
const PERSON = { name: 'ana', type: 'human', subject: 'ana.silva', groups: [], owners: [], slack: SLACK };

test('a person may say who they are in Slack, by ids', () => {
  const result = compile(PERSON);
  assert.deepEqual(result.ok && result.value[0]?.slack, SLACK);
  for (const slack of [
    { ...SLACK, user: 'ana' },
    { ...SLACK, user: 'T0123ABCD' },
    { ...SLACK, team: 'acme' },
    { user: SLACK.user },
    { ...SLACK, email: 'ana@example.com' },
    'U0123ABCD',
  ])
    assert.match(mistakes({ ...PERSON, slack }).join(), /^principals\[0\]\.slack/);
});

test('an agent and a workload are nobody in Slack', () => {
  for (const type of ['agent', 'workload'])
    assert.deepEqual(mistakes({ ...PERSON, type }), [
      `principals[0].slack: "slack" is for people: take it away from the ${type}.`,
    ]);
});

test('one member of Slack is one person, or one press would be the word of two', () => {
  const other = { ...PERSON, name: 'jonas', subject: 'jonas.weber' };
  assert.deepEqual(mistakes(PERSON, other), [
    'principals[1].slack.user: "user" is principals[0] already: one member of Slack is one person.',
  ]);
  assert.deepEqual(mistakes(PERSON, { ...other, slack: { ...SLACK, user: 'U0123WEBER' } }), []);
  assert.deepEqual(mistakes(PERSON, { ...other, slack: { ...SLACK, team: 'T0123OTHER' } }), []);
});

test('a person is known by a subject, since by claims alone any of a team could decide', () => {
  const { subject: _, ...rest } = PERSON;
  assert.match(
    mistakes({ ...rest, subject: undefined, claims: { team: 'dba' } }).join(),
    /^principals\[0\]\.subject: "subject" is missing: a person/,
  );
});

test('unknown keys and wrong types are told with their mend', () => {
  assert.deepEqual(mistakes({ owner: 'dana' }), [
    'principals[0].owner: "owner" is not a key here: remove it or mend its spelling.',
  ]);
  assert.deepEqual(mistakes({ subject: 12345 }), [
    'principals[0].subject: "subject" must be text: put it in quotes.',
  ]);
  assert.deepEqual(mistakes({ type: 'robot' }), [
    'principals[0].type: "type" must be one of: agent, workload, human.',
  ]);
  assert.equal(compilePrincipals(null, [PROFILE]).ok, false);
});

test('a file at its limit compiles in well under a second, and one more is refused', () => {
  const many = Array.from({ length: 1_000 }, (_, index) => ({
    name: `crew-${index}`,
    subject: `crew-${index}`,
  }));
  const startedAt = performance.now();
  assert.equal(compile(...many).ok, true);
  assert.ok(performance.now() - startedAt < 2_000);
  assert.match(mistakes(...many, {}).join(), /at most 1000/);
});
