import type { EpochMs } from '../core/time.ts';

/** What leaves the Lambda, once: nothing of it is stored. */
export type Credential = {
  readonly id: string;
  readonly grantId: string;
  readonly expiresAt: EpochMs;
} & CredentialContent;

/** What a caller needs to use it, by kind. */
export type CredentialContent = PostgresLogin | MysqlLogin | AwsSession;

export interface PostgresLogin extends DatabaseLogin {
  readonly kind: 'postgres';
}

export interface MysqlLogin extends DatabaseLogin {
  readonly kind: 'mysql';
  /** The password is a token, which the client sends in clear text: over TLS that proves the server, or not at all. */
  readonly clearText: boolean;
}

interface DatabaseLogin {
  readonly host: string;
  readonly port: number;
  readonly database: string;
  readonly user: string;
  readonly password: string;
  readonly caPem: string;
}

/** What AWS's own tools take. It opens what its profile allows, in any Region; `region` is where the resource is. */
export interface AwsSession {
  readonly kind: 'aws';
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken: string;
  readonly region: string;
}
