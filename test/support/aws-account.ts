import { App, Stack } from 'aws-cdk-lib';
import { Template as Synthesized } from 'aws-cdk-lib/assertions';
import { REPORTS_BUCKET } from '../../examples/buckets/reports-bucket.ts';
import { createMachineServices } from '../../examples/targets/machine-services.ts';
import type { AwsResource, Resource } from '../../lambdas/core/config/resource.ts';
import { AccessTarget } from '../../lib/access-target.ts';
import { identitiesOf, type RoleSource } from '../../local/assembly.ts';
import { createAwsEndpoint } from '../../local/aws-endpoint.ts';
import { createDynamo } from '../../local/dynamodb.ts';
import { parsePolicy } from '../../local/iam.ts';
import { LogLines } from '../../local/log-lines.ts';
import { closeServer, listenOnLoopback } from '../../local/loopback.ts';
import { ManagedPolicies } from '../../local/managed-policies.ts';
import { createS3 } from '../../local/s3.ts';
import { Sessions } from '../../local/sessions.ts';
import { createStepFunctions } from '../../local/step-functions.ts';
import { Template } from '../../local/template.ts';
import { scratchDir } from '../infra/scratch-dir.ts';

export const ACCOUNT = '111122223333';
export const REGION = 'eu-central-1';
export const BUCKET = 'shop-reports';
const OBJECTS = `arn:aws:s3:::${BUCKET}`;

/** A role with two profiles on one bucket. */
export const REPORTS: AwsResource = {
  id: 'reports',
  kind: 'aws',
  description: 'Reports of the shop',
  env: 'staging',
  actions: ['aws:assume'],
  maxDurationSeconds: 3_600,
  sensitive: [],
  target: {
    account: ACCOUNT,
    region: REGION,
    roleArn: `arn:aws:iam::${ACCOUNT}:role/latchkey-aws-reports`,
    shards: 1,
    externalId: 'latchkey-4f9d2c',
    profiles: {
      read: {
        description: 'Reads reports',
        allow: [
          { actions: ['s3:GetObject'], resources: [`${OBJECTS}/*`] },
          { actions: ['s3:ListBucket'], resources: [OBJECTS] },
        ],
      },
      write: {
        description: 'Writes reports',
        allow: [{ actions: ['s3:PutObject'], resources: [`${OBJECTS}/weekly/*`] }],
      },
    },
  },
};

const functionRole = (name: string) => `arn:aws:iam::${ACCOUNT}:role/latchkey-${name}`;

export const TRUSTED = {
  account: ACCOUNT,
  vendRoleArn: functionRole('vend'),
  revokerRoleArn: functionRole('revoker'),
  runnerRoleArn: functionRole('runner'),
  endSessionsDocument: 'latchkey-end-ssh-sessions',
};

/** As synthesized for a stack of its own. */
export const templateOf = (resource: Resource, trusted = TRUSTED): unknown => {
  const kept = synthesized.get(resource);
  if (kept) return kept;
  const app = new App({ outdir: scratchDir(), builtinCloudFormationValidation: false });
  const stack = new Stack(app, 'Target');
  new AccessTarget(stack, 'Target', { resource, trusted });
  const template: unknown = Synthesized.fromStack(stack).toJSON();
  synthesized.set(resource, template);
  return template;
};

const synthesized = new Map<Resource, unknown>();

/** May assume whatever lets it. */
const assuming = (arn: string): RoleSource => ({
  arn,
  maxSessionSeconds: 3_600,
  trust: parsePolicy({ Version: '2012-10-17', Statement: [] }),
  policies: [
    parsePolicy({ Version: '2012-10-17', Statement: [{ Effect: 'Allow', Action: 'sts:*', Resource: '*' }] }),
  ],
});

/** The embedded AWS with the roles of one template, a bucket, and the two functions of Latchkey that assume. */
export const startAwsAccount = async (template: unknown = templateOf(REPORTS), account = ACCOUNT) => {
  const { roles, policies } = identitiesOf(
    new Template(template, { stack: 'Target', account, region: REGION }),
  );
  const managed = new ManagedPolicies(policies);
  const callers = ['vend', 'revoker', 'runner', 'stranger'].map((name) => assuming(functionRole(name)));
  const sessions = new Sessions([...roles, ...callers], managed);
  const dynamo = createDynamo();
  const s3 = createS3(undefined, [{ name: BUCKET, arn: OBJECTS }, REPORTS_BUCKET]);
  const calls: string[] = [];
  const endpoint = createAwsEndpoint({
    assembly: { account: ACCOUNT, region: REGION, tables: [] },
    sessions,
    dynamo,
    s3,
    stepFunctions: createStepFunctions({ machines: [], invoke: async () => undefined }),
    logs: new LogLines([]),
    machines: createMachineServices({ account: ACCOUNT, region: REGION, documents: [] }, []),
    functionOf: () => undefined,
    onCall: ({ action }) => calls.push(action),
  });
  const url = `http://127.0.0.1:${await listenOnLoopback(endpoint)}`;
  const settings = { endpoint: url, region: REGION, maxAttempts: 1 };
  return {
    url,
    sessions,
    roles,
    calls,
    /** Of a client that calls it, with keys of whomever. */
    settings,
    keysOf: (name: 'vend' | 'revoker' | 'runner' | 'stranger') => {
      const { accessKeyId, secretAccessKey, sessionToken } = sessions.issue({
        roleArn: functionRole(name),
        name,
      });
      return { ...settings, credentials: { accessKeyId, secretAccessKey, sessionToken } };
    },
    close: async () => {
      await closeServer(endpoint);
      await dynamo.close();
      s3.close();
    },
  };
};

export type AwsAccount = Awaited<ReturnType<typeof startAwsAccount>>;

/** What Lambda gives to a function, which the environment of this process keeps until it is put back. */
export const actAs = (account: AwsAccount, name: Parameters<AwsAccount['keysOf']>[0]): void => {
  const { credentials } = account.keysOf(name);
  process.env.AWS_ACCESS_KEY_ID = credentials.accessKeyId;
  process.env.AWS_SECRET_ACCESS_KEY = credentials.secretAccessKey;
  process.env.AWS_SESSION_TOKEN = credentials.sessionToken;
};
