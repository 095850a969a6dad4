import type * as z from 'zod';
import type { AwsSession, Credential, MysqlLogin, PostgresLogin } from '../app/credential.ts';
import { toIso } from '../core/time.ts';
import type { CredentialProcessView, CredentialView } from './credential-schemas.ts';

export const credentialView = (credential: Credential): z.input<typeof CredentialView> => {
  const { id, grantId } = credential;
  const common = { id, grantId, expiresAt: toIso(credential.expiresAt) };
  switch (credential.kind) {
    case 'postgres':
      return { ...common, kind: 'postgres', postgres: postgresView(credential) };
    case 'mysql':
      return { ...common, kind: 'mysql', mysql: mysqlView(credential) };
    case 'aws':
      return { ...common, kind: 'aws', aws: awsView(credential) };
    default:
      return credential satisfies never;
  }
};

const postgresView = (login: PostgresLogin) => ({
  host: login.host,
  port: login.port,
  database: login.database,
  user: login.user,
  password: login.password,
  sslmode: 'verify-full' as const,
  sslrootcert: login.caPem,
});

const mysqlView = (login: MysqlLogin) => ({
  host: login.host,
  port: login.port,
  database: login.database,
  user: login.user,
  password: login.password,
  sslMode: 'VERIFY_IDENTITY' as const,
  sslCa: login.caPem,
  clearTextPlugin: login.clearText,
});

const awsView = (session: AwsSession) => ({
  accessKeyId: session.accessKeyId,
  secretAccessKey: session.secretAccessKey,
  sessionToken: session.sessionToken,
  region: session.region,
});

/** The same for the `credential_process` of a profile of AWS; undefined for other kinds, which AWS's tools have no use for. */
export const credentialProcess = (
  credential: Credential,
): z.input<typeof CredentialProcessView> | undefined => {
  if (credential.kind !== 'aws') return undefined;
  return {
    Version: 1,
    AccessKeyId: credential.accessKeyId,
    SecretAccessKey: credential.secretAccessKey,
    SessionToken: credential.sessionToken,
    Expiration: toIso(credential.expiresAt),
  };
};

/** For `eval "$(curl …)"`, as the clients of each kind want it. Files are written where only their owner can read them. */
export const credentialEnvironment = (credential: Credential): string => {
  switch (credential.kind) {
    case 'postgres':
      return postgresEnvironment(credential);
    case 'mysql':
      return mysqlEnvironment(credential);
    case 'aws':
      return awsEnvironment(credential);
    default:
      return credential satisfies never;
  }
};

/** libpq takes its root certificate from a file only. */
const postgresEnvironment = (login: PostgresLogin): string =>
  [
    ...exported({
      PGHOST: login.host,
      PGPORT: String(login.port),
      PGDATABASE: login.database,
      PGUSER: login.user,
      PGPASSWORD: login.password,
      PGSSLMODE: 'verify-full',
    }),
    'PGSSLROOTCERT="$(umask 077; mktemp)"; export PGSSLROOTCERT',
    `printf '%s' ${shellQuote(login.caPem)} > "$PGSSLROOTCERT"`,
    '',
  ].join('\n');

/** The tools of MySQL and MariaDB read the password from a variable and all else from a file. */
const mysqlEnvironment = (login: MysqlLogin): string => {
  const options = [
    '[mysql]',
    `database=${login.database}`,
    '[client]',
    `host=${login.host}`,
    `port=${login.port}`,
    `user=${login.user}`,
    // `loose-`: of MySQL's and MariaDB's tools each knows its own.
    'loose-ssl-mode=VERIFY_IDENTITY',
    'loose-ssl-verify-server-cert',
    ...(login.clearText ? ['loose-enable-cleartext-plugin'] : []),
    '',
  ].join('\n');
  return [
    ...exported({ MYSQL_PWD: login.password }),
    'MYSQL_CA="$(umask 077; mktemp)"; export MYSQL_CA',
    `printf '%s' ${shellQuote(login.caPem)} > "$MYSQL_CA"`,
    'MYSQL_OPTIONS="$(umask 077; mktemp)"; export MYSQL_OPTIONS',
    `{ printf '%s' ${shellQuote(options)}; printf 'ssl-ca=%s\n' "$MYSQL_CA"; } > "$MYSQL_OPTIONS"`,
    '# mysql --defaults-extra-file="$MYSQL_OPTIONS"',
    '',
  ].join('\n');
};

/** A profile that the shell has set would come before the keys. */
const awsEnvironment = (session: Credential & AwsSession): string =>
  [
    'unset AWS_PROFILE AWS_DEFAULT_PROFILE',
    ...exported({
      AWS_ACCESS_KEY_ID: session.accessKeyId,
      AWS_SECRET_ACCESS_KEY: session.secretAccessKey,
      AWS_SESSION_TOKEN: session.sessionToken,
      AWS_CREDENTIAL_EXPIRATION: toIso(session.expiresAt),
      AWS_REGION: session.region,
    }),
    '',
  ].join('\n');

const exported = (variables: Readonly<Record<string, string>>): string[] =>
  Object.entries(variables).map(([name, value]) => `export ${name}=${shellQuote(value)}`);

const shellQuote = (value: string): string => `'${value.replaceAll("'", "'\\''")}'`;
