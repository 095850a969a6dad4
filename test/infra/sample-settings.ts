import { CONFIG_PARTS, type FunctionName } from '../../lambdas/core/config/compiled.ts';
import type { PostgresResource, SshResource } from '../../lambdas/core/config/resource.ts';
import { readSettings, type Settings } from '../../lib/settings.ts';

export const FUNCTIONS = Object.keys(CONFIG_PARTS) as FunctionName[];

export const RAW_SETTINGS = {
  account: '111122223333',
  region: 'eu-central-1',
  vpc: {
    vpcId: 'vpc-0a1b2c3d4e5f60718',
    subnetIds: ['subnet-0a1b2c3d4e5f60718'],
    databaseSecurityGroupIds: ['sg-0a1b2c3d4e5f60718'],
    dynamodbPrefixListId: 'pl-0a1b2c3d',
    s3PrefixListId: 'pl-1a1b2c3d',
  },
  console: {
    url: 'https://latchkey.example.com',
    oidc: {
      issuer: 'https://id.example.com/',
      authorizationEndpoint: 'https://id.example.com/auth',
      tokenEndpoint: 'https://id.example.com/token',
      jwksUri: 'https://id.example.com/jwks',
      clientId: 'latchkey-console',
    },
    secretArn: 'arn:aws:secretsmanager:eu-central-1:111122223333:secret:latchkey/console-a1B2c3',
  },
  notifications: {
    secretArn: 'arn:aws:secretsmanager:eu-central-1:111122223333:secret:latchkey/notifier-a1B2c3',
    slack: { teamId: 'T0123ABCD', appId: 'A0123ABCD' },
    snsTopicArn: 'arn:aws:sns:eu-central-1:111122223333:latchkey-approvals',
  },
};

export const settingsOf = (over: object = {}): Settings => {
  const read = readSettings({ ...RAW_SETTINGS, ...over });
  if (!read.ok) throw new Error(JSON.stringify(read.errors));
  return read.value;
};

export const ORDERS: PostgresResource = {
  id: 'orders',
  kind: 'postgres',
  description: 'Orders',
  env: 'prod',
  actions: ['postgres:connect'],
  maxDurationSeconds: 3_600,
  sensitive: [],
  target: {
    account: RAW_SETTINGS.account,
    region: RAW_SETTINGS.region,
    resourceId: 'db-ORDERS',
    host: 'orders.c1.eu-central-1.rds.amazonaws.com',
    port: 5432,
    database: 'orders',
    auth: 'iam',
    roleArn: 'arn:aws:iam::111122223333:role/latchkey/target-orders',
    administratorRoleArn: undefined,
    externalId: undefined,
    adminSecretArn: undefined,
    templateRole: 'orders_app',
    maskedTemplateRole: undefined,
    runRoles: {},
    objectOwner: 'orders_owner',
    connectionLimit: 5,
    caPem: '',
  },
};

export const BILLING: PostgresResource = {
  ...ORDERS,
  id: 'billing',
  target: {
    ...ORDERS.target,
    resourceId: 'cluster-BILLING',
    port: 5433,
    roleArn: 'arn:aws:iam::111122223333:role/target-billing',
  },
};

export const MACHINE: SshResource = {
  id: 'reports-host',
  kind: 'ssh',
  description: 'Runs the nightly reports',
  env: 'prod',
  actions: ['ssh:connect'],
  maxDurationSeconds: 3_600,
  sensitive: [],
  target: {
    account: RAW_SETTINGS.account,
    region: RAW_SETTINGS.region,
    instanceId: 'i-0123456789abcdef0',
    host: '10.20.1.15',
    port: 22,
    osUser: 'agent',
    hostKeys: ['ssh-ed25519 AAAA'],
    endpointId: undefined,
    roleArn: undefined,
    externalId: undefined,
  },
};
