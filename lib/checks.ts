import { type App, type Stack, Validations } from 'aws-cdk-lib';
import { AwsSolutionsChecks } from 'cdk-nag';
import type { IConstruct } from 'constructs';
import { roleName, rolesOf } from '../lambdas/core/aws/role-shards.ts';
import { CONFIG_PARTS } from '../lambdas/core/config/compiled.ts';
import { type SignedDatabase, signedDatabasesOf } from '../lambdas/core/config/databases.ts';
import { type AwsResource, type Resource, resourcesOf } from '../lambdas/core/config/resource.ts';
import { madeHere } from './made-here.ts';
import { databasesBeside, databaseUserArn } from './permissions.ts';
import { logGroupName } from './service-function.ts';
import type { Settings } from './settings.ts';

/** One finding of cdk-nag that stands, where it stands, and why. */
export interface Acknowledgement {
  /** Path of a construct below the stack; it covers what is inside. */
  readonly at: string;
  readonly finding: string;
  readonly reason: string;
}

const anyResource = (at: string, reason: string): Acknowledgement => ({
  at,
  finding: 'AwsSolutions-IAM5[Resource::*]',
  reason,
});

const FUNCTION_TRACES = Object.keys(CONFIG_PARTS)
  .filter((name) => name !== 'runner' && name !== 'revoker')
  .map((name) => anyResource(`${name}/Role`, 'X-Ray knows no resources; nothing else has this wildcard.'));

const ALWAYS: readonly Acknowledgement[] = [
  ...FUNCTION_TRACES,
  anyResource(
    'runner/Role',
    'X-Ray knows no resources, nor do the network interfaces of a Lambda in a VPC; the latter are denied to its code.',
  ),
  anyResource(
    'revoker/Role',
    'X-Ray knows no resources, nor do the answers of commands; those hold codes and numbers, and what may be sent is one document.',
  ),
  ...['GrantWorkflow', 'RunWorkflow'].map((name) =>
    anyResource(`${name}/Role`, 'Log delivery and X-Ray know no resources.'),
  ),
  {
    at: 'RestApi',
    finding: 'AwsSolutions-APIG2',
    reason:
      'Functions check every request against its schema and answer with problems that say what to mend.',
  },
  {
    at: 'RestApi/Gateway/Default/console',
    finding: 'AwsSolutions-APIG4',
    reason:
      'People come with a browser and Slack with a signature, and neither has a bearer token: the console signs people in by OIDC and checks Slack’s signature before it reads anything else.',
  },
  {
    at: 'RestApi',
    finding: 'AwsSolutions-COG4',
    reason:
      'Callers are agents with tokens of OIDC issuers; our authorizer verifies them on every method but the console’s.',
  },
];

/** CDK makes the id of the bucket from its place in the stack; synth says so if it ever becomes another. */
const readsPayloads = (at: string): Acknowledgement => ({
  at,
  finding: 'AwsSolutions-IAM5[Resource::<PayloadsBucket1715615A.Arn>/*]',
  reason:
    'Objects are named by tasks and runs, which do not exist at deployment; the bucket holds nothing else.',
});

const PAYLOADS: readonly Acknowledgement[] = [
  ...['api/Role', 'reader/Role', 'runner/Role', 'console/Role'].map(readsPayloads),
  {
    at: 'Payloads/Bucket',
    finding: 'AwsSolutions-S1',
    reason:
      'Who read what is in the trail. Access logs would be a second place for names of tasks, with an end of its own.',
  },
  {
    at: 'Payloads/Keys',
    finding: 'AwsSolutions-DDB3',
    reason: 'Destroying a key is what erases a payload: from a backup the key could be brought back.',
  },
];

const ACCOUNT_LOG_ROLE: Acknowledgement = {
  at: 'RestApi/AccountLogRole',
  finding:
    'AwsSolutions-IAM4[Policy::arn:<AWS::Partition>:iam::aws:policy/service-role/AmazonAPIGatewayPushToCloudWatchLogs]',
  reason: 'API Gateway accepts this policy for writing its logs; no function has the role.',
};

const grantUsers = (at: string, resource: SignedDatabase): Acknowledgement => ({
  at,
  finding: `AwsSolutions-IAM5[Resource::${databaseUserArn(resource, 'lk_*')}]`,
  reason:
    'Users of grants do not exist before their grant; the prefix is reserved for them on this one database.',
});

/** Every wildcard of the profiles, wherever it is written: in what bounds the roles of a resource and in each of them. */
const sessionRights = (resource: AwsResource): readonly Acknowledgement[] => {
  const allowed = Object.values(resource.target.profiles).flatMap(({ allow }) => allow);
  const wild = [
    ...allowed.flatMap(({ actions }) => actions.map((action) => `Action::${action}`)),
    ...['*', ...allowed.flatMap(({ resources }) => resources)].map((arn) => `Resource::${arn}`),
  ].filter((named) => named.includes('*'));
  const places = ['Boundary', ...rolesOf(resource.target).map((role) => `Role-${roleName(role)}`)].map(
    (place) => `Default/${place}`,
  );
  return places.flatMap((place) =>
    [...new Set(wild)].map((named) => ({
      at: `Target-${resource.id}/${place}`,
      finding: `AwsSolutions-IAM5[${named}]`,
      reason:
        named === 'Resource::*'
          ? 'The one call that proves an end knows no resources, nor do actions that a profile says so of.'
          : 'As resources.yaml names it, where it is reviewed; each session has no more than one profile of it.',
    })),
  );
};

const targetRights = (made: readonly Resource[]): readonly Acknowledgement[] => [
  ...signedDatabasesOf(made).map((resource) => grantUsers(`Target-${resource.id}`, resource)),
  ...resourcesOf(made, 'aws').flatMap(sessionRights),
  ...resourcesOf(made, 'ssh').map(({ id }) =>
    anyResource(
      `Target-${id}/Default/Ending`,
      'The answers of commands are no resources; what may be sent is one document to one machine.',
    ),
  ),
];

const refusalsOf = ({ region, account, stackName }: Settings): Acknowledgement => ({
  at: 'sweeper/Role',
  finding: `AwsSolutions-IAM5[Resource::arn:aws:logs:${region}:${account}:log-group:${logGroupName(`${stackName}-authorizer`)}:*]`,
  reason: 'The streams of one log group, whose names Lambda makes: refused tokens are counted there.',
});

export interface CheckedStack {
  readonly settings: Settings;
  readonly resources: readonly Resource[];
}

/** Every finding that stands in a stack of these settings. A test asks that each is still found without its line. */
export const acknowledgementsFor = ({ settings, resources }: CheckedStack): readonly Acknowledgement[] => [
  ...ALWAYS,
  ...PAYLOADS,
  refusalsOf(settings),
  ...(settings.api.accountLogRole === 'create' ? [ACCOUNT_LOG_ROLE] : []),
  ...databasesBeside(resources).map((resource) => grantUsers('runner/Role', resource)),
  ...targetRights(madeHere(resources, settings)),
];

/** Synth fails on every finding of the AWS Solutions rules that is not explained above. */
export const checkStack = (app: App, stack: Stack, acknowledged: readonly Acknowledgement[]): void => {
  Validations.of(app).addPlugins(new AwsSolutionsChecks(app));
  for (const { at, finding, reason } of acknowledged)
    Validations.of(constructAt(stack, at)).acknowledge({ id: `AwsSolutions::${finding}`, reason });
};

const constructAt = (stack: Stack, path: string): IConstruct => {
  const found = stack.node.findAll().find(({ node }) => node.path === `${stack.node.path}/${path}`);
  if (!found) throw new Error(`lib/checks.ts explains a finding at ${path}, where there is nothing`);
  return found;
};
