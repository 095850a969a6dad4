import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { type AccessRequest, allows, parsePolicy, refusalBy, trusts } from '../../local/iam.ts';

const TABLE = 'arn:aws:dynamodb:eu-central-1:111122223333:table/grants';
const put: AccessRequest = {
  action: 'dynamodb:PutItem',
  resource: TABLE,
  context: { 'dynamodb:LeadingKeys': ['TASK#1', 'TASK#2'] },
};
const statement = { Effect: 'Allow', Action: 'dynamodb:PutItem', Resource: TABLE };
const policy = (...statements: object[]) => parsePolicy({ Version: '2012-10-17', Statement: statements });
const may = (over: object, request: AccessRequest = put): boolean =>
  allows([policy({ ...statement, ...over })], request);

describe('what IAM allows', () => {
  test('exactly what a statement says', () => {
    assert.equal(may({}), true);
  });

  test('nothing without a policy', () => {
    assert.equal(allows([], put), false);
  });

  for (const [what, over, allowed] of [
    ['another action', { Action: 'dynamodb:GetItem' }, false],
    ['one of several actions, in any case', { Action: ['dynamodb:GetItem', 'DynamoDB:putitem'] }, true],
    ['a wildcard in the action', { Action: 'dynamodb:Put*' }, true],
    ['another table', { Resource: `${TABLE}2` }, false],
    ['a question mark is one character', { Resource: TABLE.replace('grants', 'grant?') }, true],
    ['a wildcard in the resource', { Resource: TABLE.replace('grants', '*') }, true],
    ['a wildcard that would have to reach over colons', { Resource: 'arn:aws:dynamodb:*/grants' }, false],
    ['any resource', { Resource: '*' }, true],
    ['a dot is a dot', { Action: 'dynamodb.PutItem' }, false],
  ] as const)
    test(`${what}: ${allowed}`, () => assert.equal(may(over), allowed));

  test('a deny wins over every allow', () => {
    const policies = [policy(statement), policy({ ...statement, Effect: 'Deny', Action: '*' })];
    assert.equal(allows(policies, put), false);
  });
});

describe('conditions', () => {
  const leading = (operator: string, wanted: unknown) => ({
    Condition: { [operator]: { 'dynamodb:LeadingKeys': wanted } },
  });
  const keys = (...values: string[]) => ({ ...put, context: { 'dynamodb:LeadingKeys': values } });

  test('for all values: every one must match', () => {
    const over = leading('ForAllValues:StringLike', ['TASK#*', 'CHAIN#*']);
    assert.equal(may(over, keys('TASK#1', 'CHAIN#2')), true);
    assert.equal(may(over, keys('TASK#1', 'CONTAINMENT')), false);
  });

  test('for all values: holds where there are none, as on AWS', () => {
    assert.equal(may(leading('ForAllValues:StringLike', 'TASK#*'), { ...put, context: {} }), true);
  });

  test('a single value that is missing matches nothing', () => {
    const over = { Condition: { ArnEquals: { 'aws:PrincipalArn': 'arn:f' } } };
    assert.equal(may(over), false);
  });

  test('several keys must all hold', () => {
    const Condition = { ArnEquals: { a: '1', b: ['2', '3'] } };
    assert.equal(may({ Condition }, { ...put, context: { a: ['1'], b: ['3'] } }), true);
    assert.equal(may({ Condition }, { ...put, context: { a: ['1'], b: ['4'] } }), false);
  });

  test('a deny under a condition applies only where it holds', () => {
    const denied = {
      ...statement,
      Effect: 'Deny',
      Condition: { ArnEquals: { 'lambda:SourceFunctionArn': 'arn:f' } },
    };
    const policies = [policy(statement, denied)];
    assert.equal(allows(policies, put), true);
    assert.equal(allows(policies, { ...put, context: { 'lambda:SourceFunctionArn': ['arn:f'] } }), false);
  });
});

describe('conditions of time, and of what is not there', () => {
  const when = (Condition: object, context: AccessRequest['context'] = {}) =>
    may({ Condition }, { ...put, context });
  const now = (time: string) => ({ 'aws:CurrentTime': [time] });
  const before = { DateLessThan: { 'aws:CurrentTime': '2026-03-02T10:00:00Z' } };
  const from = { DateGreaterThanEquals: { 'aws:CurrentTime': '2026-03-02T10:00:00Z' } };

  test('before a time, and from that time on', () => {
    const times = ['2026-03-02T09:59:59.999Z', '2026-03-02T10:00:00.000Z'];
    assert.deepEqual(
      times.map((time) => when(before, now(time))),
      [true, false],
    );
    assert.deepEqual(
      times.map((time) => when(from, now(time))),
      [false, true],
    );
    assert.deepEqual([when(before), when(from)], [false, false]);
  });

  test('what has to be missing, and what must not be', () => {
    const isMissing = (value: string) => ({ Null: { key: value } });
    assert.deepEqual([when(isMissing('true')), when(isMissing('true'), { key: ['x'] })], [true, false]);
    assert.deepEqual([when(isMissing('false')), when(isMissing('false'), { key: ['x'] })], [false, true]);
  });

  test('text with wildcards', () => {
    const Condition = { StringLike: { key: ['g_*'] } };
    assert.deepEqual(
      [when(Condition, { key: ['g_1'] }), when(Condition, { key: ['h'] }), when(Condition)],
      [true, false, false],
    );
  });
});

describe('policies of several kinds', () => {
  const allow = [policy(statement)];
  const silent = [policy()];
  const deny = [policy(statement, { ...statement, Effect: 'Deny' })];
  const kinds = ['identity-based policy', 'permissions boundary', 'session policy'] as const;

  test('what every kind allows is allowed', () =>
    assert.equal(refusalBy(Object.fromEntries(kinds.map((kind) => [kind, allow])), put), undefined));

  for (const [kind, a] of [
    [kinds[0], 'an'],
    [kinds[1], 'a'],
    [kinds[2], 'a'],
  ] as const) {
    const layers = (found: typeof allow) => ({
      ...Object.fromEntries(kinds.map((one) => [one, allow])),
      [kind]: found,
    });

    test(`what no ${kind} allows is refused, in AWS’s words`, () =>
      assert.equal(refusalBy(layers(silent), put), `because no ${kind} allows the dynamodb:PutItem action`));

    test(`what a ${kind} denies is refused, in AWS’s words`, () =>
      assert.equal(refusalBy(layers(deny), put), `with an explicit deny in ${a} ${kind}`));
  }

  test('a deny of all but one action', () => {
    const denied = [policy(statement, { Effect: 'Deny', NotAction: 'dynamodb:PutItem', Resource: '*' })];
    assert.equal(allows(denied, put), true);
    assert.equal(allows(denied, { ...put, action: 'dynamodb:GetItem' }), false);
  });
});

describe('trust policies', () => {
  const caller = 'arn:aws:iam::111122223333:role/vend';
  const request = {
    action: 'sts:AssumeRole',
    resource: 'arn:aws:iam::111122223333:role/target',
    context: { 'aws:PrincipalArn': [caller] },
  };
  const trust = (over: object) =>
    trusts(policy({ Effect: 'Allow', Action: 'sts:AssumeRole', ...over }), caller, request);
  const root = { AWS: 'arn:aws:iam::111122223333:root' };
  const narrowed = (arn: string) => ({
    Principal: root,
    Condition: { ArnEquals: { 'aws:PrincipalArn': arn } },
  });

  for (const [what, over, trusted] of [
    ['the account, narrowed to the caller', narrowed(caller), true],
    ['the account, narrowed to another', narrowed(`${caller}2`), false],
    ['the caller by name', { Principal: { AWS: caller } }, true],
    ['another account', { Principal: { AWS: 'arn:aws:iam::999900009999:root' } }, false],
    ['a service', { Principal: { Service: 'lambda.amazonaws.com' } }, false],
    ['nobody', {}, false],
  ] as const)
    test(`${what}: ${trusted}`, () => assert.equal(trust(over), trusted));
});

describe('policies that are not understood are refused', () => {
  for (const [what, over] of [
    ['NotAction beside an action', { Effect: 'Deny', NotAction: 'dynamodb:*' }],
    ['NotAction that allows', { Action: undefined, NotAction: 'dynamodb:*' }],
    ['no action at all', { Action: undefined }],
    ['NotResource', { NotResource: TABLE }],
    ['an unknown operator', { Condition: { IpAddress: { 'aws:SourceIp': '10.0.0.0/8' } } }],
    ['a string that must differ, which no template compares', { Condition: { StringNotEquals: { a: 'b' } } }],
    ['an operator that every object has', { Condition: { constructor: { a: 'b' } } }],
    ['an operator that ends in IfExists', { Condition: { ArnEqualsIfExists: { a: 'b' } } }],
    ['an unknown effect', { Effect: 'Permit' }],
    ['a federated principal', { Principal: { Federated: 'x' } }],
  ] as const)
    test(what, () => assert.throws(() => policy({ ...statement, ...over })));
});
