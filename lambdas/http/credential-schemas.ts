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

/** Under the name of its kind is what a client needs. */
export const CredentialView = z
  .discriminatedUnion('kind', [PostgresCredentialView, MysqlCredentialView, AwsCredentialView])
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
