import type * as z from 'zod';
import type {
  AwsSession,
  ClusterToken,
  Credential,
  MysqlLogin,
  PostgresLogin,
  SshLogin,
} from '../app/credential.ts';
import { execCredential, kubeconfig } from '../core/eks/exec-credential.ts';
import { toIso } from '../core/time.ts';
import type { CredentialProcessView, CredentialView, ExecCredentialView } from './credential-schemas.ts';

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
    case 'ssh':
      return { ...common, kind: 'ssh', ssh: sshView(credential) };
    case 'eks':
      return { ...common, kind: 'eks', eks: eksView(credential) };
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

const eksView = (token: ClusterToken) => ({
  cluster: token.cluster,
  endpoint: token.endpoint,
  certificateAuthority: token.caPem,
  namespace: token.namespace,
  user: token.user,
  token: token.token,
});

/** The same for a credential plugin; undefined for other kinds. */
export const execCredentialView = (credential: Credential): z.input<typeof ExecCredentialView> | undefined =>
  credential.kind === 'eks' ? execCredential(credential.token, credential.expiresAt) : undefined;

/** The same as a kubeconfig; undefined for other kinds. */
export const kubeconfigText = (credential: Credential): string | undefined =>
  credential.kind === 'eks' ? kubeconfig(credential) : undefined;

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

const sshView = ({ expiresAt, ...login }: Credential & SshLogin) => ({
  host: login.host,
  port: login.port,
  user: login.user,
  hostKeys: [...login.hostKeys],
  knownHosts: login.knownHosts,
  fingerprint: login.fingerprint,
  keyExpiresAt: toIso(expiresAt),
  sessionsUntil: toIso(login.sessionsUntil),
  instanceId: login.instanceId,
  endpointId: login.endpointId,
  proxyCommand: login.proxyCommand,
});

/** For `eval "$(curl …)"`, as the clients of each kind want it. Files are written where only their owner can read them. */
export const credentialEnvironment = (credential: Credential): string => {
  switch (credential.kind) {
    case 'postgres':
      return postgresEnvironment(credential);
    case 'mysql':
      return mysqlEnvironment(credential);
    case 'aws':
      return awsEnvironment(credential);
    case 'ssh':
      return sshEnvironment(credential);
    case 'eks':
      return eksEnvironment(credential);
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
    ...fileIn('PGSSLROOTCERT', login.caPem),
    '',
  ].join('\n');

/** The tools of MySQL and MariaDB read the password from a variable and all else from a file. */
const mysqlEnvironment = (login: MysqlLogin): string => {
  const options = [
    '[mysql]',
    `database=${login.database}`,
    '[client]',
    `host=${login.host}`,
    // Some names are a socket of this machine to these tools.
    'protocol=TCP',
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

/** Tools that speak to clusters read everything from one file. */
const eksEnvironment = (token: ClusterToken): string =>
  fileIn('KUBECONFIG', kubeconfig(token)).concat('').join('\n');

/** A configuration of the client that believes the pinned keys and nothing else: `ssh -F "$LATCHKEY_SSH_CONFIG" -i <key> machine`. */
const sshEnvironment = (login: SshLogin): string => {
  const config = [
    'Host machine',
    `HostName ${login.host}`,
    `Port ${login.port}`,
    `User ${login.user}`,
    'StrictHostKeyChecking yes',
    'GlobalKnownHostsFile /dev/null',
    'IdentitiesOnly yes',
    ...(login.proxyCommand === undefined ? [] : [`ProxyCommand ${login.proxyCommand}`]),
    '',
  ].join('\n');
  return [
    ...fileIn('LATCHKEY_SSH_KNOWN_HOSTS', login.knownHosts),
    ...fileIn('LATCHKEY_SSH_CONFIG', config),
    `printf 'UserKnownHostsFile %s\\n' "$LATCHKEY_SSH_KNOWN_HOSTS" >> "$LATCHKEY_SSH_CONFIG"`,
    '',
  ].join('\n');
};

const fileIn = (name: string, content: string): string[] => [
  `${name}="$(umask 077; mktemp)"; export ${name}`,
  `printf '%s' ${shellQuote(content)} > "$${name}"`,
];

const exported = (variables: Readonly<Record<string, string>>): string[] =>
  Object.entries(variables).map(([name, value]) => `export ${name}=${shellQuote(value)}`);

const shellQuote = (value: string): string => `'${value.replaceAll("'", "'\\''")}'`;
