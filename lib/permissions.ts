import { administratorOf } from '../lambdas/core/aws/administrator-role.ts';
import { endingRoleArn, rolesOf } from '../lambdas/core/aws/role-shards.ts';
import { PROBE_PURPOSE, PURPOSE_TAG } from '../lambdas/core/aws/session-marks.ts';
import type { FunctionName } from '../lambdas/core/config/compiled.ts';
import { type SignedDatabase, signedDatabasesOf } from '../lambdas/core/config/databases.ts';
import { type Resource, resourcesOf, type SshResource } from '../lambdas/core/config/resource.ts';
import { instanceArn, isElsewhere, type MachineElsewhere } from '../lambdas/core/ssh/machine-roles.ts';
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
  readonly grantWorkflow: string;
  readonly runWorkflow: string;
  readonly vaultKeys: string;
  readonly payloads: string;
  readonly runner: string;
  readonly revoker: string;
  readonly notifier: string;
  readonly sweeper: string;
  /** The one secret of each of these functions, and the one topic; undefined where settings name none. */
  readonly consoleSecret: string | undefined;
  readonly notifierSecret: string | undefined;
  readonly noticeTopic: string | undefined;
  /** The log group whose refusals are counted. */
  readonly authorizerLog: string;
  /** What `vend` may assume: exactly the roles that `resources.yaml` names. */
  readonly targetRoles: readonly string[];
  /** Of which `vend` gives sessions, and `revoker` proves that they have ended. */
  readonly sessionRoles: readonly string[];
  /** By which `revoker` ends them. */
  readonly endingRoles: readonly string[];
  /** Of which `vend` makes sessions that are named by grants and never handed out: users of clusters, and what lets keys in to machines elsewhere. */
  readonly grantRoles: readonly string[];
  /** As whom `runner` opens and ends access in other accounts. */
  readonly administratorRoles: readonly string[];
  /** What `runner` may sign for: our own admin and the users of grants, on listed databases. */
  readonly databaseUsers: readonly string[];
  /** Where the passwords of our administrators are, on databases that have passwords. */
  readonly adminSecrets: readonly string[];
  /** The one key that passwords of grants are made with; undefined where no database has any. */
  readonly passwordSecret: string | undefined;
  /** Whom `vend` may let in on which machines beside Latchkey: exactly what `resources.yaml` names. */
  readonly machineUsers: readonly MachineUser[];
  /** What `revoker` may have machines run, and nothing else; undefined where there are none beside Latchkey. */
  readonly endSessionsDocument: string | undefined;
}

export interface MachineUser {
  readonly osUser: string;
  readonly instances: readonly string[];
}

/** Partitions of the grants table. */
const TASKS = 'TASK#*';
const WAITS = 'WAIT#*';
const IDEMPOTENCY = 'IDEMPOTENCY#*';
const CHAIN_HEADS = 'CHAIN#*';
const BUDGETS = 'BUDGET#*';
const APPROVALS = 'APPROVAL#*';
const NOTICES = 'NOTICE#*';
const KEY_HOLDS = 'SSHKEY#*';
const REVOCATIONS = 'REVOKED#*';
const ENDED_SESSIONS = 'ENDED#*';
/** The register, which every use reads: whoever writes it stops access, or lets it go on. */
const CONTAINMENT = 'CONTAINMENT';
/** The stops themselves. Whoever writes these alone says what was ended, and can lift nothing. */
const CONTAINMENTS = 'CONTAINMENTS';
/** The only chains that whoever does nothing but stop access writes to. */
const STOPS_CHAINS = ['system:containment', 'system:requests:*'];
/** What the console keeps of people: sign-ins, sign-outs, calls of Slack that must not count twice, and when each last decided. */
const PEOPLE = ['SESSION#*', REVOCATIONS, 'REPLAY#*', 'LAST#*'];

const inPartitions = (...partitions: string[]) => ({
  'ForAllValues:StringLike': { 'dynamodb:LeadingKeys': partitions },
});

const readOne = (table: string): Permission => ({ actions: ['dynamodb:GetItem'], on: [table] });

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

const updateState = (grants: string, ...partitions: string[]): Permission => ({
  actions: ['dynamodb:UpdateItem'],
  on: [grants],
  when: inPartitions(...partitions),
});

/** Whether the task of what is used still stands, asked in the transaction that uses it. */
const checkTasks = (grants: string): Permission => ({
  actions: ['dynamodb:ConditionCheckItem'],
  on: [grants],
  when: inPartitions(TASKS),
});

const signal = (workflows: readonly string[], ...names: string[]): Permission => ({
  actions: names.map((name) => `states:${name}`),
  on: workflows,
});

const invoke = (...functions: string[]): Permission => ({
  actions: ['lambda:InvokeFunction'],
  on: functions,
});

/** What each function may do: one table, which a test pins. Whatever is not here is not allowed. */
export const permissionsOf = (arns: Arns): Readonly<Record<FunctionName, readonly Permission[]>> => {
  const appendTrail: Permission = { actions: ['dynamodb:GetItem', 'dynamodb:PutItem'], on: [arns.audit] };
  const workflows = [arns.grantWorkflow, arns.runWorkflow];
  return {
    authorizer: [],
    api: [
      readTogether(arns.grants),
      query(arns.grants),
      putState(arns.grants, TASKS, IDEMPOTENCY, APPROVALS, CHAIN_HEADS),
      updateState(arns.grants, TASKS, BUDGETS),
      appendTrail,
      readOne(arns.vaultKeys),
      putVaultKey(arns.vaultKeys),
      ...readPayloads(arns.payloads),
      putPayloads(arns.payloads),
      signal(workflows, 'StartExecution', 'SendTaskSuccess'),
      signal([arns.grantWorkflow], 'SendTaskHeartbeat'),
      invoke(arns.notifier),
    ],
    reader: [
      readTogether(arns.grants),
      query(arns.grants, `${arns.grants}/index/mine`),
      { actions: ['dynamodb:GetItem'], on: [arns.audit] },
      readOne(arns.vaultKeys),
      ...readPayloads(arns.payloads),
    ],
    vend: [
      readTogether(arns.grants),
      putState(arns.grants, TASKS, KEY_HOLDS, CHAIN_HEADS),
      checkTasks(arns.grants),
      appendTrail,
      ...only('sts:AssumeRole', arns.targetRoles),
      ...only('secretsmanager:GetSecretValue', listed(arns.passwordSecret)),
      ...giveSessions([...arns.sessionRoles, ...arns.grantRoles]),
      ...arns.machineUsers.map(pushKeys),
    ],
    runner: [
      readTogether(arns.grants),
      putState(arns.grants, TASKS, APPROVALS, CHAIN_HEADS),
      updateState(arns.grants, TASKS, BUDGETS),
      checkTasks(arns.grants),
      appendTrail,
      readOne(arns.vaultKeys),
      ...readPayloads(arns.payloads),
      putPayloads(arns.payloads),
      ...only('rds-db:connect', arns.databaseUsers),
      ...only('sts:AssumeRole', arns.administratorRoles),
      ...only('secretsmanager:GetSecretValue', [...listed(arns.passwordSecret), ...arns.adminSecrets]),
      ...replaceSecrets(arns.adminSecrets),
    ],
    revoker: [
      readTogether(arns.grants),
      { ...query(arns.grants), when: inPartitions(ENDED_SESSIONS) },
      query(`${arns.grants}/index/due`),
      putState(arns.grants, TASKS, CHAIN_HEADS, ENDED_SESSIONS),
      appendTrail,
      ...probeSessions(arns.sessionRoles),
      ...only('sts:AssumeRole', arns.endingRoles),
      ...endSessions(arns.endSessionsDocument, arns.machineUsers),
    ],
    waiter: [
      { ...readTogether(arns.grants), when: inPartitions(TASKS, APPROVALS, REVOCATIONS, CONTAINMENT) },
      putTaskToken(arns.grants),
      signal(workflows, 'SendTaskSuccess'),
    ],
    console: [
      readTogether(arns.grants),
      query(arns.grants, `${arns.grants}/index/due`, `${arns.grants}/index/mine`),
      putState(arns.grants, APPROVALS, ...PEOPLE, CONTAINMENT, CONTAINMENTS, CHAIN_HEADS),
      checkTasks(arns.grants),
      appendTrail,
      readOne(arns.vaultKeys),
      ...readPayloads(arns.payloads),
      signal(workflows, 'SendTaskSuccess'),
      invoke(arns.notifier, arns.sweeper),
      ...only('secretsmanager:GetSecretValue', listed(arns.consoleSecret)),
    ],
    containment: [
      readTogether(arns.grants),
      query(arns.grants, `${arns.grants}/index/due`, `${arns.grants}/index/mine`),
      putState(
        arns.grants,
        CONTAINMENT,
        CONTAINMENTS,
        ...STOPS_CHAINS.map((chain) => CHAIN_HEADS.replace('*', chain)),
      ),
      { actions: ['dynamodb:GetItem'], on: [arns.audit] },
      { actions: ['dynamodb:PutItem'], on: [arns.audit], when: inPartitions(...STOPS_CHAINS) },
      invoke(arns.sweeper),
    ],
    notifier: [
      { ...readTogether(arns.grants), when: inPartitions(APPROVALS, TASKS, NOTICES) },
      putState(arns.grants, NOTICES),
      ...only('secretsmanager:GetSecretValue', listed(arns.notifierSecret)),
      ...only('sns:Publish', listed(arns.noticeTopic)),
    ],
    sweeper: [
      readTogether(arns.grants),
      query(arns.grants, `${arns.grants}/index/due`),
      putState(arns.grants, TASKS, APPROVALS, CONTAINMENTS, CHAIN_HEADS),
      updateState(arns.grants, TASKS),
      appendTrail,
      signal(workflows, 'StartExecution', 'SendTaskSuccess'),
      invoke(arns.runner, arns.revoker, arns.notifier),
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

/** New keys only: neither the mark of a legal hold nor a tombstone, and nothing that is there can be deleted. */
const putVaultKey = (keys: string): Permission => ({
  actions: ['dynamodb:PutItem'],
  on: [keys],
  when: { 'ForAllValues:StringEquals': { 'dynamodb:Attributes': ['task', 'key', 'createdAt', 'purgeAt'] } },
});

/** Who may not list a bucket is told *forbidden* where an object is missing, and could not tell that from a lack of rights. */
const readPayloads = (bucket: string): Permission[] => [
  { actions: ['s3:GetObject'], on: [`${bucket}/*`] },
  { actions: ['s3:ListBucket'], on: [bucket] },
];

/** Always with the one tag that retention goes by. S3 asks for the second right where a put brings a tag. */
const putPayloads = (bucket: string): Permission => ({
  actions: ['s3:PutObject', 's3:PutObjectTagging'],
  on: [`${bucket}/*`],
  when: {
    StringEquals: { 's3:RequestObjectTag/latchkey': ['kept', 'held'] },
    'ForAllValues:StringEquals': { 's3:RequestObjectTagKeys': ['latchkey'] },
  },
});

/** A new password is put beside the old one, tried, and then named the current one. */
const replaceSecrets = (secrets: readonly string[]): Permission[] =>
  secrets.length === 0
    ? []
    : [
        {
          actions: ['secretsmanager:PutSecretValue', 'secretsmanager:UpdateSecretVersionStage'],
          on: secrets,
        },
      ];

/** A statement without resources is malformed, so nothing listed means no statement. */
const only = (action: string, on: readonly string[]): Permission[] =>
  on.length === 0 ? [] : [{ actions: [action], on }];

/** With marks, in the owner's name, and never as a probe, which an end would not concern. */
const giveSessions = (roles: readonly string[]): Permission[] =>
  only('sts:AssumeRole', roles).map(({ on }) => ({
    actions: ['sts:AssumeRole', 'sts:TagSession', 'sts:SetSourceIdentity'],
    on,
    when: { Null: { [`aws:RequestTag/${PURPOSE_TAG}`]: 'true' } },
  }));

/** As a probe and as nothing else, which the roles themselves see to. */
const probeSessions = (roles: readonly string[]): Permission[] =>
  only('sts:AssumeRole', roles).map(({ on }) => ({
    actions: ['sts:AssumeRole', 'sts:TagSession'],
    on,
    when: { StringEquals: { [`aws:RequestTag/${PURPOSE_TAG}`]: PROBE_PURPOSE } },
  }));

/** Without the condition it would be as any user of these machines, root among them. */
const pushKeys = ({ instances, osUser }: MachineUser): Permission => ({
  actions: ['ec2-instance-connect:SendSSHPublicKey'],
  on: instances,
  when: { StringEquals: { 'ec2:osuser': osUser } },
});

/** One document, to listed machines. The answers of commands are no resources to IAM; they hold codes and numbers. */
const endSessions = (document: string | undefined, users: readonly MachineUser[]): Permission[] =>
  document === undefined
    ? []
    : [
        {
          actions: ['ssm:SendCommand'],
          on: [document, ...new Set(users.flatMap(({ instances }) => instances))],
        },
        { actions: ['ssm:GetCommandInvocation'], on: ['*'] },
      ];

/** By user, because most machines have the same one and a role's policy has a limit of size. */
export const machineUsersOf = (resources: readonly Resource[]): MachineUser[] => {
  const machines = machinesBeside(resources).map(({ target }) => target);
  return [...new Set(machines.map(({ osUser }) => osUser))].map((user) => ({
    osUser: user,
    instances: machines.filter(({ osUser }) => osUser === user).map(instanceArn),
  }));
};

/** Machines that are reached with Latchkey's own rights. */
export const machinesBeside = (resources: readonly Resource[]): SshResource[] =>
  resourcesOf(resources, 'ssh').filter((machine) => !isElsewhere(machine));

const machinesElsewhere = (resources: readonly Resource[]): MachineElsewhere[] =>
  resourcesOf(resources, 'ssh').filter(isElsewhere);

const listed = (arn: string | undefined): string[] => (arn === undefined ? [] : [arn]);

export const targetRolesOf = (resources: readonly Resource[]): string[] =>
  [...new Set(signedDatabasesOf(resources).map(({ target }) => target.roleArn))].sort();

export const sessionRolesOf = (resources: readonly Resource[]): string[] =>
  resourcesOf(resources, 'aws').flatMap(({ target }) => rolesOf(target));

export const endingRolesOf = (resources: readonly Resource[]): string[] =>
  [...resourcesOf(resources, 'aws'), ...machinesElsewhere(resources)].map(({ target }) =>
    endingRoleArn(target),
  );

export const grantRolesOf = (resources: readonly Resource[]): string[] =>
  [...resourcesOf(resources, 'eks'), ...machinesElsewhere(resources)].map(({ target }) => target.roleArn);

export const administratorRolesOf = (resources: readonly Resource[]): string[] =>
  resources.flatMap(({ target }) => administratorOf(target)?.roleArn ?? []);

/** The users whose logins `runner` may sign, in the ARN form of `rds-db:connect`. */
export const databaseUsersOf = (resources: readonly Resource[]): string[] => [
  ...new Set(
    databasesBeside(resources).flatMap((resource) =>
      ADMIN_AND_GRANTS.map((user) => databaseUserArn(resource, user)),
    ),
  ),
];

/** Those that `runner` signs for as itself. */
export const databasesBeside = (resources: readonly Resource[]): readonly SignedDatabase[] =>
  signedDatabasesOf(resources).filter(({ target }) => administratorOf(target) === undefined);

export const ADMIN_AND_GRANTS = ['latchkey_admin', 'lk_*'];

export const databaseUserArn = ({ target }: SignedDatabase, user: string): string => {
  const [, partition] = target.roleArn.split(':');
  return `arn:${partition}:rds-db:${target.region}:${target.account}:dbuser:${target.resourceId}/${user}`;
};
