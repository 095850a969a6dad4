import { EKSClient } from '@aws-sdk/client-eks';
import { IAMClient } from '@aws-sdk/client-iam';
import { SSMClient } from '@aws-sdk/client-ssm';
import { asThemselves } from '../lambdas/adapters/aws/administrator-keys.ts';
import { adminSecrets } from '../lambdas/adapters/database/admin-secrets.ts';
import { ownLogins } from '../lambdas/adapters/database/own-logins.ts';
import { ownRdsSigner } from '../lambdas/adapters/database/own-rds-signer.ts';
import type { SignOwn } from '../lambdas/adapters/database/sign-own.ts';
import { ownEksToken } from '../lambdas/adapters/eks/own-eks-token.ts';
import { runDocument } from '../lambdas/adapters/ssh/machine-commands.ts';
import type { CompiledConfig } from '../lambdas/core/config/compiled.ts';
import type { AwsResource, Resource } from '../lambdas/core/config/resource.ts';
import { documentFor } from '../lambdas/core/ssh/machine-roles.ts';
import { accountRolesOf } from '../lib/account-roles.ts';
import { isReachedByRoles } from '../lib/reach.ts';
import { trustedBy } from '../lib/trusted-by.ts';
import { checkAccessEntries } from './check-access-entries.ts';
import { checkAccountRoles } from './check-account-roles.ts';
import { checkAwsTarget } from './check-aws-target.ts';
import { checkEksTarget } from './check-eks-target.ts';
import { checkEndSessionsDocument } from './check-end-sessions-document.ts';
import { checkMysqlTarget } from './check-mysql-target.ts';
import { checkPostgresTarget } from './check-postgres-target.ts';
import { checkSshTarget, type RunWithoutGrant } from './check-ssh-target.ts';
import { CONFIG_FLAGS, guardRailsOf } from './checked-policy.ts';
import { oneOf, readArguments, UsageError } from './command-line.ts';
import { compiledConfig } from './compiled-config.ts';
import { logInToTarget } from './log-in-to-target.ts';
import { settingsOfFile } from './named-settings.ts';
import type { TargetCheck } from './target-check.ts';
import { paint, printable, tableLines } from './terminal.ts';

/** `config check`: the configuration as a deployment would compile it; with a resource, also what its target lacks. */
export const checkConfiguration = async (args: readonly string[]): Promise<void> => {
  const given = readArguments(args, { values: [...CONFIG_FLAGS, 'settings'], switches: [] });
  const [id, ...others] = given.words;
  if (others.length > 0) throw new UsageError(`"${others[0]}" is too much: name one resource.`);
  const config = compiledConfig(given.values.get('config') ?? 'config', guardRailsOf(given));
  console.log(
    `Sound: ${config.resources.length} resources, ${config.principals.length} principals, ${config.policies.length} policies, and every example holds.`,
  );
  console.log(`Digest ${config.digest}`);
  if (id !== undefined) await checkTarget(id, config, given.values.get('settings'));
};

const checkTarget = async (
  asked: string,
  { resources }: CompiledConfig,
  settings: string | undefined,
): Promise<void> => {
  const id = oneOf(
    'The resource',
    asked,
    resources.map((resource) => resource.id),
  );
  const resource = resources.find((candidate) => candidate.id === id);
  if (resource === undefined) return;
  const checks = await checksOf(resource, resources, settings);
  const lacking = checks.filter(({ ok }) => !ok);
  console.log(tableLines(process.stdout, ['', 'what', 'mend'], checks.map(rowOf)).join('\n'));
  console.log(
    lacking.length === 0 ? `${id} lacks nothing.` : `${id} lacks ${lacking.length} of ${checks.length}.`,
  );
  if (lacking.length > 0) process.exitCode = 1;
};

const checksOf = async (
  resource: Resource,
  resources: readonly Resource[],
  settings: string | undefined,
): Promise<readonly TargetCheck[]> => {
  switch (resource.kind) {
    case 'postgres': {
      return checkRolesFirst(resource, settings, async () => {
        const session = await logInToTarget(resource, asAdministrator());
        return checkPostgresTarget(session, resource).finally(() => session.close());
      });
    }
    case 'mysql':
      return checkRolesFirst(resource, settings, () => checkMysqlTarget(resource, asAdministrator()));
    case 'aws': {
      const client = new IAMClient({ region: resource.target.region });
      return checkAwsTarget(client, resource, trustedBy(settingsOfFile(settings)));
    }
    case 'ssh': {
      const documentName = documentFor(trustedBy(settingsOfFile(settings)).endSessionsDocument, resource);
      const client = new SSMClient({ region: resource.target.region });
      const run: RunWithoutGrant = (machine, keys) =>
        runDocument(client, { resource: machine, keys, documentName });
      return checkRolesFirst(resource, settings, async () => [
        ...(await checkEndSessionsDocument(client, { id: resource.id, documentName })),
        ...(await checkSshTarget(run, resource)),
      ]);
    }
    case 'eks':
      return checkRolesFirst(resource, settings, async () => {
        const client = new EKSClient({ region: resource.target.region });
        const entries = await checkAccessEntries(client, {
          resource,
          resources,
          trusted: trustedBy(settingsOfFile(settings)),
        });
        return thenAlso(entries, () =>
          checkEksTarget(resource, ownEksToken({ keysOf: asThemselves, clock: Date.now })),
        );
      });
    default:
      return resource satisfies never;
  }
};

/** What is elsewhere is reached by roles of its account: the rest is asked once these are as they must be. */
const checkRolesFirst = async (
  resource: Exclude<Resource, AwsResource>,
  settings: string | undefined,
  checkRest: () => Promise<readonly TargetCheck[]>,
): Promise<readonly TargetCheck[]> => {
  if (!isReachedByRoles(resource)) return checkRest();
  const wanted = accountRolesOf(resource, trustedBy(settingsOfFile(settings)));
  const roles = await checkAccountRoles(new IAMClient({ region: resource.target.region }), resource, wanted);
  return thenAlso(roles, checkRest);
};

const thenAlso = async (
  first: readonly TargetCheck[],
  checkRest: () => Promise<readonly TargetCheck[]>,
): Promise<readonly TargetCheck[]> =>
  first.every(({ ok }) => ok) ? [...first, ...(await checkRest())] : first;

/** With the rights of whoever types: to sign for the administrator, or to read its secret. */
const asAdministrator = (): SignOwn =>
  ownLogins({
    signToken: ownRdsSigner(asThemselves),
    readKey: () => Promise.reject(new TypeError('nobody else is logged in as')),
    secrets: adminSecrets(),
    clock: Date.now,
  });

const rowOf = ({ item, ok, mend }: TargetCheck): readonly string[] => [
  ok ? paint(process.stdout, 'green', 'ok') : paint(process.stdout, 'red', 'lacks'),
  item,
  printable(mend ?? ''),
];
