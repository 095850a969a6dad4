import * as z from 'zod';
import { Time } from './field-schemas.ts';

/** What every kind of credential says of itself. */
const COMMON_FIELDS = { id: z.string(), grantId: z.string(), expiresAt: Time };

export const PostgresCredentialView = z.object({
  ...COMMON_FIELDS,
  kind: z.literal('postgres'),
  postgres: z.object({
    host: z.string(),
    port: z.int(),
    database: z.string(),
    user: z.string(),
    password: z.string().describe('A secret: for code, never for a prompt'),
    sslmode: z.literal('verify-full'),
    sslrootcert: z.string().describe('PEM'),
  }),
});

export const MysqlCredentialView = z.object({
  ...COMMON_FIELDS,
  kind: z.literal('mysql'),
  mysql: z.object({
    host: z.string(),
    port: z.int(),
    database: z.string(),
    user: z.string(),
    password: z.string().describe('A secret: for code, never for a prompt'),
    sslMode: z.literal('VERIFY_IDENTITY'),
    sslCa: z.string().describe('PEM'),
    clearTextPlugin: z
      .boolean()
      .describe('Whether the client must allow mysql_clear_password, which it may over proven TLS only'),
  }),
});

export const AwsCredentialView = z.object({
  ...COMMON_FIELDS,
  kind: z.literal('aws'),
  aws: z.object({
    accessKeyId: z.string(),
    secretAccessKey: z.string().describe('A secret: for code, never for a prompt'),
    sessionToken: z.string().describe('A secret, too'),
    region: z.string(),
  }),
});

export const SshCredentialView = z.object({
  ...COMMON_FIELDS,
  kind: z.literal('ssh'),
  ssh: z.object({
    host: z.string(),
    port: z.int(),
    user: z.string(),
    hostKeys: z.array(z.string()).describe('The only keys to believe the host by'),
    knownHosts: z.string().describe('The same as lines of `known_hosts`'),
    fingerprint: z.string().describe('Of the key that was let in'),
    keyExpiresAt: Time.describe('Until then the key opens sessions; ask again to open another one later'),
    sessionsUntil: Time.describe('Then the sessions are ended'),
    instanceId: z.string(),
    endpointId: z.string().optional(),
    proxyCommand: z
      .string()
      .optional()
      .describe('`ProxyCommand` where there is no direct way; it uses your own AWS identity'),
  }),
});

export const EksCredentialView = z.object({
  ...COMMON_FIELDS,
  kind: z.literal('eks'),
  eks: z.object({
    cluster: z.string(),
    endpoint: z.string(),
    certificateAuthority: z.string().describe('PEM: believe no other'),
    namespace: z.string(),
    user: z.string().describe('As the cluster knows whoever shows the token'),
    token: z.string().describe('A secret: for code, never for a prompt'),
  }),
});

/** Under the name of its kind is what a client needs. */
export const CredentialView = z
  .discriminatedUnion('kind', [
    PostgresCredentialView,
    MysqlCredentialView,
    AwsCredentialView,
    SshCredentialView,
    EksCredentialView,
  ])
  .meta({ id: 'Credential' });

/** What a `credential_process` asks for with `Accept`. */
export const CREDENTIAL_PROCESS_TYPE = 'application/vnd.latchkey.credential-process+json';

/** What the SDKs and the CLI of AWS read from it. */
export const CredentialProcessView = z
  .object({
    Version: z.literal(1),
    AccessKeyId: z.string(),
    SecretAccessKey: z.string(),
    SessionToken: z.string(),
    Expiration: Time.describe('They ask again before this'),
  })
  .meta({ id: 'CredentialProcess' });

/** What a credential plugin of `kubectl` asks for with `Accept`. */
export const EXEC_CREDENTIAL_TYPE = 'application/vnd.latchkey.exec-credential+json';

/** What `kubectl`, and whatever reads a kubeconfig, takes from a plugin. */
export const ExecCredentialView = z
  .object({
    apiVersion: z.literal('client.authentication.k8s.io/v1'),
    kind: z.literal('ExecCredential'),
    status: z.object({ expirationTimestamp: z.string(), token: z.string() }),
  })
  .meta({ id: 'ExecCredential' });

/** A kubeconfig, with the token in it. */
export const KUBECONFIG_TYPE = 'application/yaml';
