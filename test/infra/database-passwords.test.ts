import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { MysqlResource, PostgresResource } from '../../lambdas/core/config/resource.ts';
import { acknowledgementsFor, checkStack } from '../../lib/checks.ts';
import { reachMistakes } from '../../lib/reach.ts';
import { MYSQL_RESOURCE } from '../support/facts.ts';
import { ORDERS, settingsOf } from './sample-settings.ts';
import { ofType, sampleResources, sampleStack } from './sample-stack.ts';

const SECRET = 'arn:aws:secretsmanager:eu-central-1:111122223333:secret:latchkey';
const [ADMIN, KEY] = [`${SECRET}/orders-admin-a1B2c3`, `${SECRET}/passwords-a1B2c3`];
const WITH_PASSWORDS: PostgresResource = {
  ...ORDERS,
  target: { ...ORDERS.target, auth: 'password', roleArn: undefined, adminSecretArn: ADMIN },
};
const SHOP: MysqlResource = {
  ...MYSQL_RESOURCE,
  target: {
    ...MYSQL_RESOURCE.target,
    account: ORDERS.target.account,
    region: ORDERS.target.region,
    resourceId: 'db-SHOP',
    roleArn: 'arn:aws:iam::111122223333:role/latchkey/target-shop',
  },
};
const settings = { databases: { passwordSecretArn: KEY } };
const deployed = sampleResources({ settings, resources: [WITH_PASSWORDS] });

const rightsOf = (resources: typeof deployed, name: string): string =>
  JSON.stringify(
    ofType(resources, 'AWS::IAM::Role').find(({ id }) => id === `${name}Role`)?.properties.Policies,
  );

const secretRights = (name: string): unknown[] =>
  JSON.parse(rightsOf(deployed, name)).flatMap(
    ({ PolicyDocument }: { PolicyDocument: { Statement: { Action: unknown; Resource: unknown }[] } }) =>
      PolicyDocument.Statement.filter(({ Action }) => JSON.stringify(Action).includes('secretsmanager')).map(
        ({ Action, Resource }) => [Action, Resource],
      ),
  );

describe('a database whose users have passwords', () => {
  test('has a key that vend and runner read, and an administrator’s secret that runner alone reads and replaces', () => {
    assert.deepEqual(secretRights('vend'), [['secretsmanager:GetSecretValue', KEY]]);
    assert.deepEqual(secretRights('runner'), [
      ['secretsmanager:GetSecretValue', [KEY, ADMIN]],
      [['secretsmanager:PutSecretValue', 'secretsmanager:UpdateSecretVersionStage'], ADMIN],
    ]);
    for (const name of ['api', 'reader', 'revoker', 'waiter', 'sweeper'])
      assert.doesNotMatch(rightsOf(deployed, name), /secretsmanager/, name);
  });

  test('is signed for by nobody', () => {
    for (const { properties } of ofType(deployed, 'AWS::IAM::Role'))
      assert.doesNotMatch(JSON.stringify(properties), /rds-db:connect/);
  });

  test('is reached with one more way out for runner: an endpoint for those secrets, which admits runner alone', () => {
    const [endpoint, ...others] = ofType(deployed, 'AWS::EC2::VPCEndpoint');
    assert.deepEqual(others, []);
    const { VpcEndpointType, ServiceName, PrivateDnsEnabled, PolicyDocument, SecurityGroupIds } =
      endpoint?.properties ?? {};
    assert.deepEqual(
      [VpcEndpointType, ServiceName, PrivateDnsEnabled, PolicyDocument.Statement[0].Resource],
      ['Interface', 'com.amazonaws.eu-central-1.secretsmanager', true, [ADMIN, KEY]],
    );
    const group = ofType(deployed, 'AWS::EC2::SecurityGroup').find(({ id }) =>
      id.includes('SecretsEndpoint'),
    );
    assert.deepEqual(SecurityGroupIds, [`<${group?.id}.GroupId>`]);
    assert.deepEqual(
      group?.properties.SecurityGroupIngress.map((rule: object) => Object.entries(rule).slice(1)),
      [
        [
          ['FromPort', 443],
          ['IpProtocol', 'tcp'],
          ['SourceSecurityGroupId', '<RunnerNetworkSecurityGroup.GroupId>'],
          ['ToPort', 443],
        ],
      ],
    );
  });

  test('is reached through an endpoint that is there already, where settings name its group', () => {
    const there = sampleResources({
      settings: { databases: { passwordSecretArn: KEY, secretsEndpointSecurityGroupId: 'sg-0f1e2d3c' } },
      resources: [WITH_PASSWORDS],
    });
    assert.deepEqual(ofType(there, 'AWS::EC2::VPCEndpoint'), []);
    const out = ofType(there, 'AWS::EC2::SecurityGroupEgress').map(
      ({ properties }) => `${properties.FromPort} ${properties.DestinationSecurityGroupId}`,
    );
    assert.deepEqual(out.sort(), ['443 sg-0f1e2d3c', '5432 sg-0a1b2c3d4e5f60718']);
  });

  test('is refused without a key', () => {
    const found = reachMistakes([WITH_PASSWORDS], settingsOf()).map(({ path }) => path);
    assert.deepEqual(found, ['resources[0].target.auth']);
    assert.deepEqual(reachMistakes([WITH_PASSWORDS], settingsOf(settings)), []);
  });

  test('passes the checks of every deployment', () => {
    const { app, stack } = sampleStack({ settings, resources: [WITH_PASSWORDS, SHOP] });
    checkStack(
      app,
      stack,
      acknowledgementsFor({ settings: settingsOf(settings), resources: [WITH_PASSWORDS, SHOP] }),
    );
    assert.doesNotThrow(() => app.synth());
  });
});

test('settings that name a key, and no database that has passwords, give nobody a right to it', () => {
  const idle = sampleResources({ settings });
  for (const { properties } of ofType(idle, 'AWS::IAM::Role'))
    assert.doesNotMatch(JSON.stringify(properties), /passwords-a1B2c3/);
});

test('a MySQL with IAM authentication is signed for like a PostgreSQL, on its own port', () => {
  const resources = sampleResources({ resources: [ORDERS, SHOP] });
  const users = 'arn:aws:rds-db:eu-central-1:111122223333:dbuser:db-SHOP';
  assert.ok(rightsOf(resources, 'runner').includes(`"${users}/latchkey_admin","${users}/lk_*"`));
  assert.ok(rightsOf(resources, 'vend').includes('role/latchkey/target-shop'));
  const ports = ofType(resources, 'AWS::EC2::SecurityGroupEgress').map(
    ({ properties }) => properties.FromPort,
  );
  assert.deepEqual(ports, [3306, 5432]);
});
