import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, test } from 'node:test';
import type { EksResource, Resource } from '../../lambdas/core/config/resource.ts';
import { reachMistakes } from '../../lib/reach.ts';
import { readSettings } from '../../lib/settings.ts';
import { REPORTS } from '../support/aws-account.ts';
import { clusterResource } from '../support/cluster-scene.ts';
import { BILLING, MACHINE, ORDERS, RAW_SETTINGS, settingsOf } from './sample-settings.ts';

/** The mistakes in settings that differ from good ones in what is given. */
const mistakes = (over: object): string[] => {
  const read = readSettings({ ...RAW_SETTINGS, ...over });
  return read.ok ? [] : read.errors.map(({ path, message }) => `${path}: ${message}`);
};

const consoleWith = (over: object) => ({ console: { ...RAW_SETTINGS.console, ...over } });
const oidc = (over: object) => consoleWith({ oidc: { ...RAW_SETTINGS.console.oidc, ...over } });
const told = (over: object) => ({ notifications: { ...RAW_SETTINGS.notifications, ...over } });
const slack = (over: object) => told({ slack: { ...RAW_SETTINGS.notifications.slack, ...over } });
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
    ['no console', { console: undefined }, /^console: "console" is missing/],
    [
      'a console that anybody on the way can read',
      consoleWith({ url: 'http://a.example' }),
      /^console\.url: "url" must be an https address/,
    ],
    [
      'an address with a slash at its end',
      consoleWith({ url: 'https://a.example/' }),
      /^console\.url: .*not end/,
    ],
    ['an address with a query', consoleWith({ url: 'https://a.example/?x' }), /^console\.url: .*a query/],
    ['an address with a password', oidc({ tokenEndpoint: 'https://a:b@c.example/' }), /tokenEndpoint: /],
    ['an issuer with a fragment', oidc({ issuer: 'https://a.example/#b' }), /^console\.oidc\.issuer: /],
    ['an address in another spelling', oidc({ jwksUri: 'https://A.example/jwks' }), /oidc\.jwksUri: /],
    ['keys in clear', oidc({ jwksUri: 'http://127.0.0.1/jwks' }), /^console\.oidc\.jwksUri: .*https/],
    ['no client', oidc({ clientId: undefined }), /^console\.oidc\.clientId: "clientId" is missing/],
    [
      'a secret by its name',
      consoleWith({ secretArn: 'latchkey/console' }),
      /^console\.secretArn: .*the whole ARN/,
    ],
    [
      'a secret that could be another as well',
      consoleWith({ secretArn: RAW_SETTINGS.console.secretArn.replace('-a1B2c3', '-*') }),
      /^console\.secretArn: .*the whole ARN/,
    ],
    [
      'Slack without the secret that its signature is checked with',
      consoleWith({ secretArn: undefined }),
      /^console\.secretArn: "secretArn" is missing.*signing secret/,
    ],
    ['Slack without its token', told({ secretArn: undefined }), /^notifications\.secretArn: .*bot token/],
    ['a workspace by its name', slack({ teamId: 'acme' }), /^notifications\.slack\.teamId: .*T0123ABCD/],
    [
      'a Slack elsewhere, in clear',
      slack({ apiUrl: 'http://slack.example/api' }),
      /^notifications\.slack\.apiUrl: .*https/,
    ],
    ['every topic', told({ snsTopicArn: 'arn:aws:sns:*:111122223333:*' }), /^notifications\.snsTopicArn: /],
    ['a webhook in clear', told({ webhookUrl: 'http://a.example' }), /^notifications\.webhookUrl: .*https/],
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

  for (const [name, over] of [
    ['a console below the stage of the API', consoleWith({ url: 'https://a.example/live' })],
    ['a console on a port', consoleWith({ url: 'https://localhost:8790' })],
    ['an issuer that ends with a slash', oidc({ issuer: 'https://a.example/' })],
    ['nobody to tell', { notifications: undefined, ...consoleWith({ secretArn: undefined }) }],
    ['a Slack of this machine', slack({ apiUrl: 'http://127.0.0.1:8791/api' })],
  ] as const)
    test(`${name} is accepted`, () => assert.deepEqual(mistakes(over), []));

  test('nothing at all is not settings', () => assert.equal(readSettings(undefined).ok, false));

  test('all mistakes are told at once', () => {
    assert.equal(mistakes({ account: '1', region: 'x', extra: true }).length, 3);
  });
});

/** A cluster that is where Latchkey is. */
const beside = (over: object): EksResource => {
  const sample = clusterResource('https://ABC.gr7.eu-central-1.eks.amazonaws.com', 'pem');
  const { account, region } = RAW_SETTINGS;
  return { ...sample, target: { ...sample.target, account, region, ...over } };
};

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

  test('a machine elsewhere is refused without roles of its account, and reached with them', () => {
    const elsewhere = (over: object) => ({ ...MACHINE, target: { ...MACHINE.target, ...over } });
    const there = { account: '999988887777', region: 'us-east-1' };
    const roles = {
      roleArn: 'arn:aws:iam::999988887777:role/latchkey-target-reports-host',
      externalId: 'latchkey-reports',
    };
    const mistakes = (machine: typeof MACHINE) =>
      reachMistakes([machine], settings).map(({ path, message }) => `${path}: ${message}`);
    assert.deepEqual(mistakes(MACHINE), []);
    assert.deepEqual(mistakes(elsewhere({ ...there, ...roles })), []);
    const [account, region, ...others] = mistakes(elsewhere(there));
    assert.match(
      account ?? '',
      /^resources\[0\]\.target\.account: .*name a role of that account in "roleArn"/,
    );
    assert.match(region ?? '', /^resources\[0\]\.target\.region: /);
    assert.deepEqual(others, []);
    assert.equal(mistakes(elsewhere({ ...there, roleArn: roles.roleArn })).length, 2);
  });

  test('a cluster that runner has no way to is refused', () => {
    const found = (over: object) => reachMistakes([beside({})], settingsOf(over)).map(({ path }) => path);
    assert.deepEqual(found({}), ['resources[0].target.endpoint']);
    assert.deepEqual(found(vpc({ clusterSecurityGroupIds: ['sg-0a1b2c3d'] })), []);
  });

  test('a cluster elsewhere is refused without an administrator there and a way to STS', () => {
    const sample = clusterResource('https://ABC.gr7.eu-central-1.eks.amazonaws.com', 'pem');
    const administratorRoleArn = 'arn:aws:iam::000000000000:role/latchkey-administrator';
    const there = { ...sample, target: { ...sample.target, administratorRoleArn } };
    const found = (shop: typeof sample, over = {}) =>
      reachMistakes([shop], settingsOf(over)).map(({ path }) => path);
    const clusters = { clusterSecurityGroupIds: ['sg-0a1b2c3d'] };
    assert.deepEqual(found(sample, vpc(clusters)), [
      'resources[0].target.account',
      'resources[0].target.region',
    ]);
    assert.deepEqual(found(there), ['resources[0].target.administratorRoleArn']);
    assert.deepEqual(found(there, vpc({ stsEndpointSecurityGroupId: 'sg-0a1b2c3d' })), []);
  });

  test('a database elsewhere is reached by a role there, with a way to STS, and by no password', () => {
    const there = {
      ...{ account: '999988887777', region: 'us-east-1', externalId: 'latchkey-billing' },
      roleArn: 'arn:aws:iam::999988887777:role/latchkey-target-billing',
      administratorRoleArn: 'arn:aws:iam::999988887777:role/latchkey-administrator',
    };
    const withSts = settingsOf(vpc({ stsEndpointSecurityGroupId: 'sg-0a1b2c3d' }));
    assert.deepEqual(reachMistakes([ORDERS, moved(there)], withSts), []);
    assert.match(found(moved(there))[0] ?? '', /^resources\[1\]\.target\.administratorRoleArn: .*to STS/);
    const halves = [{ administratorRoleArn: undefined }, { externalId: undefined }];
    for (const half of halves) assert.equal(found(moved({ ...there, ...half })).length, 2);
    assert.match(found(moved({ account: '999988887777' }))[0] ?? '', /in "administratorRoleArn"/);
    const passwords = { auth: 'password', roleArn: undefined, account: '999988887777' } as const;
    assert.match(found(moved(passwords))[0] ?? '', /deploy it there too/);
  });

  test('an administrator of two databases is refused', () => {
    const administratorRoleArn = 'arn:aws:iam::111122223333:role/latchkey-administrator';
    const shared = [ORDERS, BILLING].map((one) => ({
      ...one,
      target: { ...one.target, administratorRoleArn, externalId: 'latchkey-shared' },
    }));
    const withSts = settingsOf(vpc({ stsEndpointSecurityGroupId: 'sg-0a1b2c3d' }));
    assert.deepEqual(
      reachMistakes(shared, withSts).map(({ path }) => path),
      ['resources[1].target.administratorRoleArn'],
    );
  });

  test('a role that signs for two databases is refused', () => {
    assert.match(
      found(moved({ roleArn: ORDERS.target.roleArn }))[0] ?? '',
      /roleArn: .*resources\[0\]: give each/,
    );
  });

  const ROLES = 'arn:aws:iam::111122223333:role';
  const reports = (roleArn: string, shards = 1) => ({
    ...REPORTS,
    target: { ...REPORTS.target, roleArn, shards },
  });
  const host = (roleArn: string) => ({
    ...MACHINE,
    target: { ...MACHINE.target, roleArn, externalId: 'latchkey-host' },
  });
  const orders = (over: object) => ({ ...ORDERS, target: { ...ORDERS.target, ...over } });
  for (const [name, resources, expected] of [
    ['on another path', [orders({}), moved({ roleArn: `${ROLES}/target-orders` })], [1]],
    ['in another spelling', [orders({}), moved({ roleArn: `${ROLES}/Target-Orders` })], [1]],
    ['of the same name in another account', [orders({}), reports('arn:aws:iam::9:role/target-orders')], []],
    ['of another kind', [orders({}), reports(`${ROLES}/target-orders`)], [1]],
    ['that is another’s shard', [reports(`${ROLES}/a`, 2), moved({ roleArn: `${ROLES}/a-2` })], [1]],
    ['whose shard is another’s', [orders({ roleArn: `${ROLES}/a-2` }), reports(`${ROLES}/a`, 3)], [1]],
    ['that ends for another', [reports(`${ROLES}/a`), moved({ roleArn: `${ROLES}/a-ending` })], [1]],
    ['that ends for a machine', [host(`${ROLES}/a`), moved({ roleArn: `${ROLES}/a-ending` })], [1]],
    ['of which all shards are shared', [reports(`${ROLES}/a`, 3), reports(`${ROLES}/a`, 3)], [1]],
  ] as [string, Resource[], number[]][])
    test(`a role ${name} is ${expected.length ? 'refused' : 'accepted'}`, () =>
      assert.deepEqual(
        reachMistakes(resources, settings).map(({ path }) => path),
        expected.map((index) => `resources[${index}].target.roleArn`),
      ));

  test('an administrator that is another’s role is refused, in either order', () => {
    const withSts = settingsOf(vpc({ stsEndpointSecurityGroupId: 'sg-0a1b2c3d' }));
    const administrated = orders({
      administratorRoleArn: `${ROLES}/x/target-billing`,
      externalId: 'latchkey-orders',
    });
    const paths = (...resources: Resource[]) => reachMistakes(resources, withSts).map(({ path }) => path);
    assert.deepEqual(paths(administrated, BILLING), ['resources[1].target.roleArn']);
    assert.deepEqual(paths(BILLING, administrated), ['resources[1].target.administratorRoleArn']);
  });

  test('a role of Latchkey itself is refused, by the name that its stack has', () => {
    for (const name of ['vend', 'revoker', 'runner']) {
      assert.match(
        found(moved({ roleArn: `${ROLES}/path/latchkey-${name}` })).join(),
        /^resources\[1\]\.target\.roleArn: .*a role of Latchkey itself/,
      );
      assert.deepEqual(found(moved({ roleArn: `${ROLES}/jit-${name}` })), []);
    }
    const jit = reachMistakes([moved({ roleArn: `${ROLES}/jit-runner` })], settingsOf({ stackName: 'jit' }));
    assert.equal(jit.length, 1);
  });

  test('a role of another partition than the region’s, or the deployment’s, is refused', () => {
    const government = 'arn:aws-us-gov:iam::111122223333:role/a';
    const paths = (roleArn: string, region: string, over = {}) => {
      const resource = reports(roleArn);
      const there = { ...resource, target: { ...resource.target, region } };
      return reachMistakes([there], settingsOf(over)).map(({ path }) => path);
    };
    const refused = ['resources[0].target.roleArn'];
    assert.deepEqual(paths(government, 'eu-central-1'), refused);
    assert.deepEqual(paths(`${ROLES}/a`, 'us-gov-west-1'), refused);
    assert.deepEqual(paths(government, 'us-gov-west-1'), refused);
    assert.deepEqual(paths(government, 'us-gov-west-1', { region: 'us-gov-east-1' }), []);
  });

  test('a cluster beside Latchkey needs its security group, whoever its administrator is', () => {
    const over = { stsEndpointSecurityGroupId: 'sg-0a1b2c3d' };
    const administratorRoleArn = `${ROLES}/latchkey-administrator`;
    const administrated = beside({ administratorRoleArn });
    const paths = (shop: Resource, vpcOver: object) =>
      reachMistakes([shop], settingsOf(vpc(vpcOver))).map(({ path }) => path);
    assert.deepEqual(paths(administrated, over), ['resources[0].target.endpoint']);
    assert.deepEqual(paths(administrated, { ...over, clusterSecurityGroupIds: ['sg-0a1b2c3d'] }), []);
    for (const there of [{ region: 'us-east-1' }, { account: '999988887777' }])
      assert.deepEqual(paths(beside({ administratorRoleArn, ...there }), over), []);
  });

  test('a second resource of a cluster is refused where both would have the entry of runner', () => {
    const withGroups = settingsOf(
      vpc({ clusterSecurityGroupIds: ['sg-0a1b2c3d'], stsEndpointSecurityGroupId: 'sg-0a1b2c3d' }),
    );
    const paths = (over: object) =>
      reachMistakes([beside({}), beside({ roleArn: `${ROLES}/second`, ...over })], withGroups).map(
        ({ path }) => path,
      );
    assert.deepEqual(paths({}), ['resources[1].target.cluster']);
    assert.deepEqual(paths({ cluster: 'another' }), []);
    assert.deepEqual(paths({ administratorRoleArn: `${ROLES}/administrator` }), []);
  });
});
