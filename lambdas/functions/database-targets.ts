import type { AdministratorKeys } from '../adapters/aws/administrator-keys.ts';
import { type AdminSecrets, adminSecrets } from '../adapters/database/admin-secrets.ts';
import { ownLogins } from '../adapters/database/own-logins.ts';
import { ownRdsSigner } from '../adapters/database/own-rds-signer.ts';
import { passwordKey } from '../adapters/database/password-key.ts';
import { type PasswordSession, renewPassword } from '../adapters/database/renew-password.ts';
import { renewingTarget } from '../adapters/database/renewing-target.ts';
import type { SignOwn } from '../adapters/database/sign-own.ts';
import { postgresPasswordSession } from '../adapters/postgres/password-session.ts';
import { postgresTarget } from '../adapters/postgres/postgres-target.ts';
import { systemClock, systemRandom } from '../adapters/system-clock.ts';
import type { Clock, Log } from '../app/ports.ts';
import type { Target, Targets } from '../app/ports-of-targets.ts';
import type { DatabaseResource } from '../core/config/databases.ts';
import type { MysqlResource } from '../core/config/resource.ts';

export interface DatabaseTools {
  readonly signOwn: SignOwn;
  readonly clock: Clock;
  readonly secrets: AdminSecrets;
  readonly log: Log;
}

/** How `runner` proves itself to databases. */
export const databaseTools = (settings: {
  readonly passwordSecretArn: string | undefined;
  readonly keysOf: AdministratorKeys;
  readonly log: Log;
}): DatabaseTools => {
  const secrets = adminSecrets();
  const readKey = passwordKey(settings.passwordSecretArn, systemClock);
  const signOwn = ownLogins({
    signToken: ownRdsSigner(settings.keysOf),
    readKey,
    secrets,
    clock: systemClock,
  });
  return { signOwn, secrets, clock: systemClock, log: settings.log };
};

/** Databases of both kinds. Where our administrator has a password, it is replaced after use. */
export const databaseTargets = (tools: DatabaseTools): Pick<Targets, 'postgres' | 'mysql'> => {
  const { signOwn, log } = tools;
  return {
    postgres: renewingTarget(
      postgresTarget(tools),
      (resource) => renew(tools, resource, (work) => postgresPasswordSession({ resource, signOwn }, work)),
      log,
    ),
    mysql: whenNeeded(() => loadMysql(tools)),
  };
};

/** The client of MySQL is a third of all code of `runner`, and most deployments have no use for it. */
const loadMysql = async (tools: DatabaseTools): Promise<Target<MysqlResource>> => {
  const { signOwn, log } = tools;
  const { mysqlTarget } = await import('../adapters/mysql/mysql-target.ts');
  const { mysqlPasswordSession } = await import('../adapters/mysql/password-session.ts');
  return renewingTarget(
    mysqlTarget(tools),
    (resource) => renew(tools, resource, (work) => mysqlPasswordSession({ resource, signOwn }, work)),
    log,
  );
};

const whenNeeded = <R>(load: () => Promise<Target<R>>): Target<R> => {
  let loaded: Promise<Target<R>> | undefined;
  const target = (): Promise<Target<R>> => {
    loaded ??= load();
    return loaded;
  };
  return {
    open: async (ask) => (await target()).open(ask),
    close: async (ask) => (await target()).close(ask),
    inventory: async (resource) => (await target()).inventory(resource),
  };
};

const renew = async (
  { secrets, clock }: DatabaseTools,
  { target }: DatabaseResource,
  withSession: (work: (session: PasswordSession) => Promise<void>) => Promise<void>,
): Promise<void> => {
  if (target.adminSecretArn !== undefined)
    await renewPassword({ secrets, clock, random: systemRandom, withSession }, target.adminSecretArn);
};
