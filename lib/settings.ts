import * as z from 'zod';
import { type Compiled, readSection } from '../lambdas/core/config/config-error.ts';
import { PAYLOAD_RETENTION_MAX_DAYS, PAYLOAD_RETENTION_MIN_DAYS } from '../lambdas/core/limits.ts';
import { ConsoleSettings, NotificationSettings, secretArn, secretMistakes } from './console-settings.ts';

/** CloudWatch accepts these and no other numbers of days. */
const RETENTION_DAYS = [7, 14, 30, 60, 90, 180, 365, 400, 731, 1827, 3653];

const awsId = (prefix: string) =>
  z
    .string()
    .regex(new RegExp(`^${prefix}-[0-9a-f]{8,17}$`), `must be an id that looks like ${prefix}-0a1b2c3d.`);

const Vpc = z.strictObject({
  vpcId: awsId('vpc'),
  /** Where `runner` lives. They need a way to the databases, to DynamoDB and to S3, and none to the internet. */
  subnetIds: z.array(awsId('subnet')).min(1),
  /** Security groups of the databases in `resources.yaml`; `runner` may send to these, to DynamoDB and to S3 only. */
  databaseSecurityGroupIds: z.array(awsId('sg')).min(1),
  /** Cluster security groups of the clusters in `resources.yaml`; `runner` may send to their API servers. */
  clusterSecurityGroupIds: z.array(awsId('sg')).default([]),
  /** AWS's own list of DynamoDB's addresses in this region. */
  dynamodbPrefixListId: awsId('pl'),
  /** AWS's own list of S3's addresses in this region. */
  s3PrefixListId: awsId('pl'),
  /**
   * The security group of your VPC's interface endpoint for STS, through which `runner` becomes the administrator of databases and
   * clusters in other accounts. None is made here: others in the VPC would find its narrow policy in their way.
   */
  stsEndpointSecurityGroupId: awsId('sg').optional(),
  /**
   * Route tables of the subnets above, if this stack shall make the gateway endpoints for DynamoDB and S3. They admit
   * nothing but our tables and our bucket, so leave this empty where other workloads share the route tables.
   */
  routeTableIds: z.array(awsId('rtb')).default([]),
});

const Api = z.strictObject({
  endpoint: z.enum(['regional', 'private']).default('regional'),
  /** The interface endpoints (`execute-api`) through which a private API is called. */
  vpcEndpointIds: z.array(awsId('vpce')).default([]),
  /** For each method, over all callers. */
  requestsPerSecond: z.number().int().min(1).default(50),
  requestsBurst: z.number().int().min(1).default(100),
  /** Over any five minutes; the firewall refuses the address above it. */
  requestsPerAddress: z.number().int().min(100).default(3_000),
  /** API Gateway writes logs through one role for each account and region: `exists` where another stack has set it. */
  accountLogRole: z.enum(['create', 'exists']).default('create'),
});

/** Only where databases of `resources.yaml` have passwords. */
const Databases = z.strictObject({
  /** JSON `{ "passwordKey": … }`, 32 random bytes in base64: passwords of grants are made with it. Nothing else has a use for it. */
  passwordSecretArn: secretArn.optional(),
  /**
   * The security group of your VPC's interface endpoint for Secrets Manager, through which `runner` reads secrets. Without it
   * this stack makes an endpoint, which admits nothing but those secrets; a VPC has one with a private name only.
   */
  secretsEndpointSecurityGroupId: awsId('sg').optional(),
});

const Alarms = z.strictObject({
  /** An SNS topic of yours that alarms are sent to. */
  topicArn: z.string().startsWith('arn:', 'must be the ARN of an SNS topic.').optional(),
});

const Shape = z.strictObject({
  /** Names of roles and functions begin with it, so that target accounts can trust them before they exist. */
  stackName: z
    .string()
    .regex(/^[A-Za-z][A-Za-z0-9-]{0,39}$/, 'must be letters, digits and hyphens, at most 40.')
    .default('latchkey'),
  account: z.string().regex(/^\d{12}$/, 'must be the twelve digits of an AWS account, in quotes.'),
  region: z.string().regex(/^[a-z]{2}(-[a-z]+)+-\d$/, 'must be a region such as eu-central-1.'),
  /** The folder with `issuers.yaml`, `principals.yaml`, `resources.yaml` and `policies/`. */
  configDir: z.string().min(1).default('config'),
  /** `removed` deploys policies that allow what the guard rails exist to stop. */
  guardRails: z.enum(['required', 'removed']).default('required'),
  /** Whether this stack makes the roles that `resources.yaml` names, for resources of its own account. */
  createTargetRoles: z.boolean().default(false),
  vpc: Vpc,
  api: Api.prefault({}),
  console: ConsoleSettings,
  /** Who is told that people are asked, beside the console's own inbox. */
  notifications: NotificationSettings.prefault({}),
  databases: Databases.prefault({}),
  logRetentionDays: z
    .number()
    .refine((days) => RETENTION_DAYS.includes(days), `must be one of: ${RETENTION_DAYS.join(', ')}.`)
    .default(90),
  /** How long full statements and masked results are kept beside the trail. A legal hold keeps those of a task longer. */
  payloadRetentionDays: z
    .number()
    .int()
    .min(PAYLOAD_RETENTION_MIN_DAYS)
    .max(PAYLOAD_RETENTION_MAX_DAYS)
    .default(90),
  alarms: Alarms.prefault({}),
  /** Executions kept for `reader`, so that polling can neither starve nor be starved; undefined: none are kept. */
  readerConcurrency: z.number().int().min(1).optional(),
});

/** Everything a deployment decides: the context key `latchkey` of `cdk.json`. Nothing is looked up in AWS. */
export type Settings = z.output<typeof Shape>;

const PRIVATE_NEEDS_ENDPOINTS = {
  path: 'api.vpcEndpointIds',
  message: '"vpcEndpointIds" is empty: name the endpoint that a private API is called through.',
};

/** Reads the settings; every mistake is reported with its key and its mend. */
export const readSettings = (raw: unknown): Compiled<Settings> => {
  const read = readSection(Shape, raw);
  if (!read.ok) return read;
  const { endpoint, vpcEndpointIds } = read.value.api;
  const errors = [
    ...(endpoint === 'private' && vpcEndpointIds.length === 0 ? [PRIVATE_NEEDS_ENDPOINTS] : []),
    ...secretMistakes(read.value),
  ];
  return errors.length > 0 ? { ok: false, errors } : read;
};
