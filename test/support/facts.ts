import type { Caller, Software } from '../../lambdas/app/caller.ts';
import { GENESIS } from '../../lambdas/core/audit/chain.ts';
import type { PrincipalEntry } from '../../lambdas/core/config/issuer.ts';
import type { AwsResource, MysqlResource, PostgresResource } from '../../lambdas/core/config/resource.ts';
import type { ActivatingGrant } from '../../lambdas/core/grant/grant.ts';
import type { Principal } from '../../lambdas/core/identity/principal.ts';
import type { PolicyAnswer } from '../../lambdas/core/policy/question.ts';

/** One valid object of each kind. A test changes the one thing it is about. */
export const NOW = Date.parse('2026-03-02T10:00:00.000Z');

export const SOFTWARE: Software = { function: 'test', version: '0.0.0', policyDigest: 'd'.repeat(64) };

export const PRINCIPAL: Principal = {
  issuer: 'https://id.example.com',
  subject: 'sales-crew',
  type: 'agent',
  name: 'sales-analyst',
  listed: true,
  groups: { known: true, names: ['data-crew'] },
  owners: [{ issuer: 'https://id.example.com', subject: 'alice', name: 'Alice' }],
  delegation: [],
  tokenFingerprint: 'f'.repeat(64),
  tokenExpiresAt: NOW + 600_000,
};

/** What `principals.yaml` says of that caller. */
export const ENTRY: PrincipalEntry = {
  name: PRINCIPAL.name,
  type: 'agent',
  issuer: PRINCIPAL.issuer,
  subject: PRINCIPAL.subject,
  claims: {},
  groups: ['data-crew'],
  owners: PRINCIPAL.owners,
};

export const CALLER: Caller = {
  principal: PRINCIPAL,
  client: { ip: '192.0.2.1', userAgent: 'test' },
  requestId: '00000000-0000-4000-8000-000000000001',
  invocationId: '00000000-0000-4000-8000-000000000002',
};

export const OTHER_CALLER: Caller = {
  ...CALLER,
  principal: { ...PRINCIPAL, subject: 'other-crew', name: 'support-agent' },
};

export const RESOURCE: PostgresResource = {
  id: 'orders-db',
  kind: 'postgres',
  description: 'Orders of the shop',
  env: 'staging',
  actions: ['postgres:connect', 'postgres:read', 'postgres:write'],
  maxDurationSeconds: 3_600,
  sensitive: [],
  target: {
    account: '000000000000',
    region: 'us-east-1',
    resourceId: 'db-TEST',
    host: 'localhost',
    port: 5432,
    database: 'orders',
    auth: 'iam',
    roleArn: 'arn:aws:iam::000000000000:role/latchkey-target-orders-db',
    administratorRoleArn: undefined,
    externalId: undefined,
    adminSecretArn: undefined,
    templateRole: 'orders_app',
    maskedTemplateRole: 'orders_app_masked',
    runRoles: { read: 'orders_reader', write: 'orders_writer' },
    objectOwner: 'orders_owner',
    connectionLimit: 3,
    caPem: 'pem',
  },
};

/** A role whose sessions come in two profiles. */
export const AWS_RESOURCE: AwsResource = {
  id: 'reports-bucket',
  kind: 'aws',
  description: 'Reports of the shop',
  env: 'staging',
  actions: ['aws:assume'],
  maxDurationSeconds: 3_600,
  sensitive: [],
  target: {
    account: '000000000000',
    region: 'us-east-1',
    roleArn: 'arn:aws:iam::000000000000:role/latchkey-aws-reports',
    shards: 2,
    externalId: 'latchkey-test-7f3a',
    profiles: {
      'read-reports': {
        description: 'Read reports',
        allow: [{ actions: ['s3:GetObject'], resources: ['arn:aws:s3:::reports/*'] }],
      },
      'write-reports': {
        description: 'Write reports',
        allow: [{ actions: ['s3:PutObject'], resources: ['arn:aws:s3:::reports/*'] }],
      },
    },
  },
};

export const MYSQL_RESOURCE: MysqlResource = {
  id: 'shop-db',
  kind: 'mysql',
  description: 'Orders of the shop, before they moved',
  env: 'staging',
  actions: ['mysql:connect'],
  maxDurationSeconds: 3_600,
  sensitive: [],
  target: {
    account: '000000000000',
    region: 'us-east-1',
    resourceId: 'db-TEST',
    host: 'localhost',
    port: 3306,
    database: 'orders',
    engine: 'mysql',
    auth: 'iam',
    administratorRoleArn: undefined,
    externalId: undefined,
    adminSecretArn: undefined,
    roleArn: 'arn:aws:iam::000000000000:role/latchkey-target-shop-db',
    preparedTransactions: 'shared',
    templateRole: 'orders_app',
    connectionLimit: 3,
    caPem: 'pem',
  },
};

/** A grant on `RESOURCE` whose role is about to be made. */
export const ACTIVATING: ActivatingGrant = {
  id: 'g_k3v9q2m7xw4b8r1nd6hz_5h2j7d9c1s0f',
  version: 2,
  head: GENESIS,
  task: 't_k3v9q2m7xw4b8r1nd6hz',
  principal: { issuer: PRINCIPAL.issuer, subject: PRINCIPAL.subject, type: 'agent', name: PRINCIPAL.name },
  owners: PRINCIPAL.owners,
  groups: ['data-crew'],
  entryGroups: ['data-crew'],
  resource: RESOURCE.id,
  kind: 'postgres',
  action: 'postgres:connect',
  rights: 'connect',
  unmasked: [],
  requestedSeconds: 600,
  reason: 'weekly report',
  createdAt: NOW,
  policyDigest: 'd'.repeat(64),
  determinedBy: [],
  state: 'activating',
  activateBy: NOW + 60_000,
  expiresAt: NOW + 600_000,
};

/** The same with a column that is not for everybody, and with every action. */
export const SENSITIVE_RESOURCE: PostgresResource = {
  ...RESOURCE,
  actions: ['postgres:connect', 'postgres:read', 'postgres:write', 'postgres:ddl'],
  sensitive: [
    { schema: 'public', table: 'customers', column: 'email', category: 'email', form: { kind: 'token' } },
    { schema: 'public', table: 'customers', column: 'phone', category: 'phone', form: { kind: 'redact' } },
    {
      schema: 'public',
      table: 'customers',
      column: 'card',
      category: 'card',
      form: { kind: 'keep_last', count: 4 },
    },
  ],
  target: {
    ...RESOURCE.target,
    maskedTemplateRole: 'orders_app_masked',
    runRoles: { read: 'orders_reader', write: 'orders_writer', ddl: 'orders_ddl' },
  },
};

export const ALLOWED: PolicyAnswer = { allowed: true, determinedBy: [{ id: 'allow', reason: 'because' }] };
export const REFUSED: PolicyAnswer = { allowed: false, determinedBy: [] };
