import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, test } from 'node:test';
import { reachMistakes } from '../../lib/reach.ts';
import { readSettings } from '../../lib/settings.ts';
import { BILLING, ORDERS, RAW_SETTINGS, settingsOf } from './sample-settings.ts';

/** The mistakes in settings that differ from good ones in what is given. */
const mistakes = (over: object): string[] => {
  const read = readSettings({ ...RAW_SETTINGS, ...over });
  return read.ok ? [] : read.errors.map(({ path, message }) => `${path}: ${message}`);
};

const vpc = (over: object) => ({ vpc: { ...RAW_SETTINGS.vpc, ...over } });

describe('settings', () => {
  test('good ones are read', () => assert.deepEqual(mistakes({}), []));

  test('what is left out is safe', () => {
    const { guardRails, createTargetRoles, api, stackName } = settingsOf();
    assert.deepEqual(
      { guardRails, createTargetRoles, endpoint: api.endpoint, stackName },
      { guardRails: 'required', createTargetRoles: false, endpoint: 'regional', stackName: 'latchkey' },
    );
  });

  test('those of cdk.json are good', () => {
    const { context } = JSON.parse(readFileSync(new URL('../../cdk.json', import.meta.url), 'utf8'));
    const read = readSettings(context.latchkey);
    assert.deepEqual(read.ok ? [] : read.errors, []);
  });

  for (const [name, over, expected] of [
    ['an account as a number', { account: 111122223333 }, /^account: "account" must be text/],
    ['a short account', { account: '1111' }, /^account: "account" must be the twelve digits/],
    ['no account', { account: undefined }, /^account: "account" is missing/],
    ['a region that is none', { region: 'Frankfurt' }, /^region: "region" must be a region such as/],
    ['a misspelt key', { guardrails: 'removed' }, /^guardrails: "guardrails" is not a key here/],
    [
      'an unknown choice',
      { guardRails: 'off' },
      /^guardRails: "guardRails" must be one of: required, removed/,
    ],
    ['a name that no role may have', { stackName: 'a b' }, /^stackName: "stackName" must be letters/],
    [
      'a retention CloudWatch has not',
      { logRetentionDays: 91 },
      /^logRetentionDays: .* must be one of: 7, 14/,
    ],
    ['no subnet', vpc({ subnetIds: [] }), /^vpc\.subnetIds: "subnetIds" must .* at least 1/],
    ['a subnet that is none', vpc({ subnetIds: ['a'] }), /^vpc\.subnetIds\[0\]: "subnetIds" must be an id/],
    ['no prefix list', vpc({ dynamodbPrefixListId: undefined }), /^vpc\.dynamodbPrefixListId: .* is missing/],
    ['no prefix list of S3', vpc({ s3PrefixListId: undefined }), /^vpc\.s3PrefixListId: .* is missing/],
    [
      'payloads that are kept for ever',
      { payloadRetentionDays: 4_000 },
      /^payloadRetentionDays: .* at most 3653/,
    ],
    ['payloads that are not kept', { payloadRetentionDays: 0 }, /^payloadRetentionDays: .* at least 1/],
    ['no VPC', { vpc: undefined }, /^vpc: "vpc" is missing/],
    [
      'a private API without an endpoint',
      { api: { endpoint: 'private' } },
      /^api\.vpcEndpointIds: .* name the/,
    ],
    [
      'a topic that is none',
      { alarms: { topicArn: 'on-call' } },
      /^alarms\.topicArn: "topicArn" must be the ARN/,
    ],
  ] as const)
    test(`${name}: the key and the mend are named`, () => {
      const found = mistakes(over);
      assert.equal(found.length, 1, found.join('\n'));
      assert.match(found[0] ?? '', expected);
    });

  test('nothing at all is not settings', () => assert.equal(readSettings(undefined).ok, false));

  test('all mistakes are told at once', () => {
    assert.equal(mistakes({ account: '1', region: 'x', extra: true }).length, 3);
  });
});

describe('reach', () => {
  const settings = settingsOf();
  const moved = (over: object) => ({ ...BILLING, target: { ...BILLING.target, ...over } });
  const found = (resource: typeof BILLING) =>
    reachMistakes([ORDERS, resource], settings).map(({ path, message }) => `${path}: ${message}`);

  test('databases of this account and region, each with a role of its own, are reached', () => {
    assert.deepEqual(found(BILLING), []);
  });

  test('a database whose end could not be proved from here is refused', () => {
    assert.match(
      found(moved({ account: '999988887777' }))[0] ?? '',
      /^resources\[1\]\.target\.account: .*111122223333/,
    );
    assert.match(
      found(moved({ region: 'us-east-1' }))[0] ?? '',
      /^resources\[1\]\.target\.region: .*eu-central-1/,
    );
  });

  test('a role that signs for two databases is refused', () => {
    assert.match(
      found(moved({ roleArn: ORDERS.target.roleArn }))[0] ?? '',
      /roleArn: .*resources\[0\]: give each/,
    );
  });
});
