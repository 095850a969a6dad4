import { randomBytes } from 'node:crypto';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { S3Client } from '@aws-sdk/client-s3';
import { createMachineServices } from '../../examples/targets/machine-services.ts';
import { keyStore } from '../../lambdas/adapters/vault/key-store.ts';
import { payloadObjects } from '../../lambdas/adapters/vault/payload-objects.ts';
import { taskVaults } from '../../lambdas/adapters/vault/task-vaults.ts';
import type { RandomBytes, Vaults } from '../../lambdas/app/ports.ts';
import { type Permission, permissionsOf } from '../../lib/permissions.ts';
import { createAwsEndpoint } from '../../local/aws-endpoint.ts';
import { createDynamo } from '../../local/dynamodb.ts';
import { parsePolicy } from '../../local/iam.ts';
import { LogLines } from '../../local/log-lines.ts';
import { closeServer, listenOnLoopback } from '../../local/loopback.ts';
import { createS3 } from '../../local/s3.ts';
import { Sessions } from '../../local/sessions.ts';
import { createStepFunctions } from '../../local/step-functions.ts';
import { NOW } from './facts.ts';
import { TABLES } from './tables.ts';

const REGION = 'us-east-1';
const ACCOUNT = '111122223333';
export const PLACES = { grants: 'Grants', audit: 'Audit', keys: 'PayloadKeys', bucket: 'Payloads' };
const tableArn = (name: string) => `arn:aws:dynamodb:${REGION}:${ACCOUNT}:table/${name}`;
const BUCKET = { name: PLACES.bucket, arn: `arn:aws:s3:::${PLACES.bucket}` };
const roleArn = (name: string) => `arn:aws:iam::${ACCOUNT}:role/${name}`;

const RIGHTS = permissionsOf({
  grants: tableArn(PLACES.grants),
  audit: tableArn(PLACES.audit),
  vaultKeys: tableArn(PLACES.keys),
  payloads: BUCKET.arn,
  grantWorkflow: 'arn:aws:states:::stateMachine:none',
  runWorkflow: 'arn:aws:states:::stateMachine:none',
  runner: 'arn:aws:lambda:::function:none',
  revoker: 'arn:aws:lambda:::function:none',
  notifier: 'arn:aws:lambda:::function:none',
  sweeper: 'arn:aws:lambda:::function:none',
  consoleSecret: undefined,
  notifierSecret: undefined,
  noticeTopic: undefined,
  authorizerLog: 'arn:aws:logs:::log-group:none',
  targetRoles: [],
  sessionRoles: [],
  endingRoles: [],
  grantRoles: [],
  administratorRoles: [],
  databaseUsers: [],
  adminSecrets: [],
  passwordSecret: undefined,
  machineUsers: [],
  endSessionsDocument: undefined,
});

const EVERYTHING: readonly Permission[] = [{ actions: ['dynamodb:*', 's3:*'], on: ['*'] }];
const ROLES = { ...RIGHTS, operator: EVERYTHING };
export type RoleName = keyof typeof ROLES;

const roleOf = (name: RoleName) => ({
  arn: roleArn(name),
  maxSessionSeconds: 3_600,
  trust: parsePolicy({ Version: '2012-10-17', Statement: [] }),
  policies: [
    parsePolicy({
      Version: '2012-10-17',
      Statement: ROLES[name].map(({ effect = 'Allow', actions, on, when = {} }) => {
        return { Effect: effect, Action: actions, Resource: on, Condition: when };
      }),
    }),
  ],
});

const table = (TableName: string, hashKey: string, indexes = {}) => ({
  create: { TableName },
  arn: tableArn(TableName),
  hashKey,
  indexes,
});

const KEYS_TABLE = {
  TableName: PLACES.keys,
  BillingMode: 'PAY_PER_REQUEST' as const,
  KeySchema: [{ AttributeName: 'task', KeyType: 'HASH' as const }],
  AttributeDefinitions: [{ AttributeName: 'task', AttributeType: 'S' as const }],
};

/** Both sides of the vault on one machine, with signatures checked and each caller held to the rights of its own role. */
export const startVaultStage = async () => {
  const sessions = new Sessions((Object.keys(ROLES) as RoleName[]).map(roleOf));
  const dynamo = createDynamo();
  const s3 = createS3(undefined, [BUCKET]);
  const calls: string[] = [];
  const { keys } = PLACES;
  const endpoint = createAwsEndpoint({
    assembly: {
      region: REGION,
      account: ACCOUNT,
      tables: [table(PLACES.grants, 'pk'), table(PLACES.audit, 'chain'), table(keys, 'task')],
    },
    sessions,
    dynamo,
    s3,
    stepFunctions: createStepFunctions({ machines: [], invoke: async () => undefined }),
    logs: new LogLines([]),
    machines: createMachineServices({ region: REGION, account: ACCOUNT, documents: [] }, []),
    functionOf: () => undefined,
    onCall: ({ action }) => calls.push(action),
  });
  const url = `http://127.0.0.1:${await listenOnLoopback(endpoint)}`;
  for (const create of [...TABLES, KEYS_TABLE]) await dynamo.call('CreateTable', { ...create });
  const time = { now: NOW };
  const clients: { destroy(): void }[] = [];
  const settingsOf = (role: RoleName) => {
    const { accessKeyId, secretAccessKey, sessionToken } = sessions.issue({
      roleArn: roleArn(role),
      name: 'test',
    });
    return {
      endpoint: url,
      region: REGION,
      credentials: { accessKeyId, secretAccessKey, sessionToken },
      maxAttempts: 1,
    };
  };
  const clientsOf = (role: RoleName) => {
    const settings = settingsOf(role);
    const made = { dynamo: new DynamoDBClient(settings), s3: new S3Client(settings) };
    clients.push(made.dynamo, made.s3);
    return made;
  };
  return {
    time,
    calls,
    dynamo,
    s3,
    clientsOf,
    /** What an operator's shell would have. */
    environmentOf: (role: RoleName) => {
      const { credentials } = settingsOf(role);
      return {
        AWS_ENDPOINT_URL: url,
        AWS_REGION: REGION,
        AWS_ACCESS_KEY_ID: credentials.accessKeyId,
        AWS_SECRET_ACCESS_KEY: credentials.secretAccessKey,
        AWS_SESSION_TOKEN: credentials.sessionToken,
      };
    },
    vaultsOf: (role: RoleName, random: RandomBytes = randomBytes): Vaults => {
      const made = clientsOf(role);
      return taskVaults({
        keys: keyStore(made.dynamo, keys),
        objects: payloadObjects(made.s3, PLACES.bucket),
        retentionDays: 90,
        clock: () => time.now,
        random,
      });
    },
    async close() {
      for (const client of clients) client.destroy();
      await closeServer(endpoint);
      await dynamo.close();
      s3.close();
    },
  };
};

export type VaultStage = Awaited<ReturnType<typeof startVaultStage>>;
