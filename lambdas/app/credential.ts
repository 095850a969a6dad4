import type { EpochMs } from '../core/time.ts';

/** What leaves the Lambda, once: nothing of it is stored. */
export type Credential = {
  readonly id: string;
  readonly grantId: string;
  readonly expiresAt: EpochMs;
} & CredentialContent;

/** What a caller needs to use it, by kind. */
export type CredentialContent = PostgresLogin | MysqlLogin | AwsSession | SshLogin | ClusterToken;

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

/** A key of the caller's own that was let in. There is nothing to keep secret in it. */
export interface SshLogin {
  readonly kind: 'ssh';
  readonly host: string;
  readonly port: number;
  readonly user: string;
  readonly hostKeys: readonly string[];
  /** Lines of `known_hosts` with these keys, under the name to connect to. */
  readonly knownHosts: string;
  /** Of the caller's key: `SHA256:…`. */
  readonly fingerprint: string;
  readonly instanceId: string;
  readonly endpointId: string | undefined;
  /** How to get there where there is no direct way; it acts with the caller's own AWS identity. */
  readonly proxyCommand: string | undefined;
  /** When sessions that were opened with the key are ended. The key itself opens none after `expiresAt`. */
  readonly sessionsUntil: EpochMs;
}

/** What AWS's own tools take. It opens what its profile allows, in any Region; `region` is where the resource is. */
export interface AwsSession {
  readonly kind: 'aws';
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken: string;
  readonly region: string;
}

/** Lets in whoever shows it as the grant's user, who is bound to one role in one namespace. */
export interface ClusterToken {
  readonly kind: 'eks';
  readonly cluster: string;
  readonly endpoint: string;
  readonly caPem: string;
  readonly namespace: string;
  readonly user: string;
  readonly token: string;
}
