import { globsOverlap } from './glob.ts';

/** Users, roles, accounts, assignments of IAM Identity Center; and other sessions, which would have neither tags nor dates of ours. */
const IDENTITIES = [
  'iam:*',
  'sts:*',
  'organizations:*',
  'account:*',
  'sso:*',
  'sso-directory:*',
  'identitystore:*',
];

/** Who may use a key, and whether there is one. */
const KEY_POLICIES = [
  'kms:*Grant',
  'kms:PutKeyPolicy',
  'kms:ReplicateKey',
  'kms:ScheduleKeyDeletion',
  'kms:DisableKey',
];

/** What goes on when the session has ended. Databases and machines are kinds of their own, with ends of their own. */
const OTHER_CREDENTIALS = [
  ...[
    'signin:*',
    'rolesanywhere:*',
    'eks-auth:*',
    'cognito-identity:*',
    's3:GetDataAccess',
    'lakeformation:GetTemporary*',
  ],
  ...[
    'ecr:GetAuthorizationToken',
    'redshift:GetClusterCredentials*',
    'redshift-serverless:GetCredentials',
    'rds-db:*',
  ],
  ...['ec2-instance-connect:*', 'ssm:StartSession'],
];

/**
 * What no profile lifts: denied in every session, and once more by the boundary of its role. By each of these, access could be
 * kept beyond the end of its grant or given to somebody else. `sts:GetCallerIdentity` is the exception that AWS makes: it cannot
 * be denied to anybody, and tells whose session it is.
 */
export const DENY_FLOOR: readonly string[] = [...IDENTITIES, ...KEY_POLICIES, ...OTHER_CREDENTIALS];

/** The part of the floor that a profile's action, with its wildcards, reaches; undefined where it reaches none. */
export const floorReachedBy = (action: string): string | undefined =>
  DENY_FLOOR.find((denied) => globsOverlap(action, denied));
