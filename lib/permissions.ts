import type { FunctionName } from '../lambdas/core/config/compiled.ts';
import type { Resource } from '../lambdas/core/config/resource.ts';
import { NEVER_ON_AUDIT } from './tables.ts';

/** One statement of a function's role. `Allow` unless it says otherwise. */
export interface Permission {
  readonly effect?: 'Deny';
  readonly actions: readonly string[];
  readonly on: readonly string[];
  readonly when?: Readonly<Record<string, Readonly<Record<string, string | readonly string[]>>>>;
}

/** The ARNs that statements are made of. */
export interface Arns {
  readonly grants: string;
  readonly audit: string;
  readonly workflow: string;
  readonly runner: string;
  /** The log group whose refusals are counted. */
  readonly authorizerLog: string;
  /** What `vend` may assume: exactly the roles that `resources.yaml` names. */
  readonly targetRoles: readonly string[];
  /** What `runner` may sign for: our own admin and the users of grants, on listed databases. */
  readonly databaseUsers: readonly string[];
}

/** Partitions of the grants table that may be written: `CONTAINMENT` is in none of them, so no function can lift one. */
const TASKS = 'TASK#*';
const WAITS = 'WAIT#*';
const IDEMPOTENCY = 'IDEMPOTENCY#*';
const CHAIN_HEADS = 'CHAIN#*';

const inPartitions = (...partitions: string[]) => ({
  'ForAllValues:StringLike': { 'dynamodb:LeadingKeys': partitions },
});

const readOne = (grants: string): Permission => ({ actions: ['dynamodb:GetItem'], on: [grants] });

const readTogether = (grants: string): Permission => ({
  actions: ['dynamodb:BatchGetItem', 'dynamodb:GetItem'],
  on: [grants],
});

const query = (...on: string[]): Permission => ({ actions: ['dynamodb:Query'], on });

const putState = (grants: string, ...partitions: string[]): Permission => ({
  actions: ['dynamodb:PutItem'],
  on: [grants],
  when: inPartitions(...partitions),
});

const updateTasks = (grants: string): Permission => ({
  actions: ['dynamodb:UpdateItem'],
  on: [grants],
  when: inPartitions(TASKS),
});

const signal = (workflow: string, ...names: string[]): Permission => ({
  actions: names.map((name) => `states:${name}`),
  on: [workflow],
});

/** What each function may do: one table, which a test pins. Whatever is not here is not allowed. */
export const permissionsOf = (arns: Arns): Readonly<Record<FunctionName, readonly Permission[]>> => {
  const appendTrail: Permission = { actions: ['dynamodb:GetItem', 'dynamodb:PutItem'], on: [arns.audit] };
  return {
    authorizer: [],
    api: [
      readTogether(arns.grants),
      query(arns.grants),
      putState(arns.grants, TASKS, IDEMPOTENCY, CHAIN_HEADS),
      updateTasks(arns.grants),
      appendTrail,
      signal(arns.workflow, 'StartExecution', 'SendTaskSuccess', 'SendTaskHeartbeat'),
    ],
    reader: [
      readOne(arns.grants),
      query(arns.grants, `${arns.grants}/index/mine`),
      { actions: ['dynamodb:GetItem'], on: [arns.audit] },
    ],
    vend: [
      readTogether(arns.grants),
      putState(arns.grants, TASKS, CHAIN_HEADS),
      appendTrail,
      ...only('sts:AssumeRole', arns.targetRoles),
    ],
    runner: [
      readTogether(arns.grants),
      putState(arns.grants, TASKS, CHAIN_HEADS),
      appendTrail,
      ...only('rds-db:connect', arns.databaseUsers),
    ],
    waiter: [
      { actions: ['dynamodb:GetItem'], on: [arns.grants], when: inPartitions(TASKS) },
      putTaskToken(arns.grants),
      signal(arns.workflow, 'SendTaskSuccess'),
    ],
    sweeper: [
      readOne(arns.grants),
      query(arns.grants, `${arns.grants}/index/due`),
      putState(arns.grants, TASKS, CHAIN_HEADS),
      updateTasks(arns.grants),
      appendTrail,
      signal(arns.workflow, 'StartExecution', 'SendTaskSuccess'),
      { actions: ['lambda:InvokeFunction'], on: [arns.runner] },
      { actions: ['logs:FilterLogEvents'], on: [arns.authorizerLog, `${arns.authorizerLog}:*`] },
    ],
  };
};

/** In every function's role, also where nothing is allowed that it could take away. */
export const neverOnAudit = (audit: string): Permission => ({
  effect: 'Deny',
  actions: NEVER_ON_AUDIT,
  on: [audit],
});

/** Tokens of waiting workflows, and nothing that is state. */
const putTaskToken = (grants: string): Permission => ({
  actions: ['dynamodb:PutItem'],
  on: [grants],
  when: {
    'ForAllValues:StringLike': { 'dynamodb:LeadingKeys': [WAITS] },
    'ForAllValues:StringEquals': { 'dynamodb:Attributes': ['pk', 'sk', 'token', 'purgeAt'] },
  },
});

/** A statement without resources is malformed, so nothing listed means no statement. */
const only = (action: string, on: readonly string[]): Permission[] =>
  on.length === 0 ? [] : [{ actions: [action], on }];

export const targetRolesOf = (resources: readonly Resource[]): string[] =>
  [...new Set(resources.map(({ target }) => target.roleArn))].sort();

/** The users whose logins `runner` may sign, in the ARN form of `rds-db:connect`. */
export const databaseUsersOf = (resources: readonly Resource[]): string[] => [
  ...new Set(
    resources.flatMap((resource) => ADMIN_AND_GRANTS.map((user) => databaseUserArn(resource, user))),
  ),
];

const ADMIN_AND_GRANTS = ['latchkey_admin', 'lk_*'];

export const databaseUserArn = ({ target }: Resource, user: string): string => {
  const [, partition] = target.roleArn.split(':');
  return `arn:${partition}:rds-db:${target.region}:${target.account}:dbuser:${target.resourceId}/${user}`;
};
