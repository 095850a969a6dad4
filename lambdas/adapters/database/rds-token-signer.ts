import type { STSClient } from '@aws-sdk/client-sts';
import { Signer } from '@aws-sdk/rds-signer';
import { type Clock, DependencyUnavailable } from '../../app/ports.ts';
import type { DatabaseResource } from '../../core/config/databases.ts';
import {
  RDS_TOKEN_SECONDS,
  SECOND_MS,
  SIGNING_SESSION_MARGIN_SECONDS,
  SIGNING_SESSION_SECONDS,
} from '../../core/limits.ts';
import type { EpochMs } from '../../core/time.ts';
import { AWS_CLIENT_SETTINGS } from '../aws-client-settings.ts';

/** Signs for one `lk_…` user. `expiresAt` is the earlier of the token's own end and its signing session's. */
export interface DatabaseTokenSigner {
  sign(resource: DatabaseResource, user: string): Promise<{ token: string; expiresAt: EpochMs }>;
}

/** An assumed session that signs. It is kept while it outlives what it signs, and never leaves this process. */
interface SigningSession {
  readonly credentials: {
    readonly accessKeyId: string;
    readonly secretAccessKey: string;
    readonly sessionToken: string;
  };
  readonly expiresAt: EpochMs;
}

/** Users outside this prefix, our own administrator among them, can never be signed for here. */
const GRANT_USER = /^lk_[0-9a-z_]{1,60}$/;

/**
 * Signs under the role of the resource's target, which may log in as users of
 * grants and as nobody else. Warm, this makes no call to AWS.
 */
export const rdsTokenSigner = ({ clock }: { readonly clock: Clock }): DatabaseTokenSigner => {
  const sessions = new Map<string, Promise<SigningSession>>();
  let client: Promise<STSClient> | undefined;
  const sessionFor = async (roleArn: string): Promise<SigningSession> => {
    const kept = await sessions.get(roleArn);
    if (kept && kept.expiresAt - clock() > (RDS_TOKEN_SECONDS + SIGNING_SESSION_MARGIN_SECONDS) * SECOND_MS)
      return kept;
    client ??= connectSts();
    const assumed = client.then((sts) => assume(sts, roleArn));
    sessions.set(roleArn, assumed);
    // A failure is not kept: the next call tries again.
    assumed.catch(() => sessions.delete(roleArn));
    return assumed;
  };
  return {
    async sign(resource: DatabaseResource, username: string) {
      if (!GRANT_USER.test(username)) throw new TypeError('only users of grants are signed for');
      const { host: hostname, port, region, roleArn } = resource.target;
      if (roleArn === undefined) throw new TypeError('its users have passwords');
      const { credentials, expiresAt } = await sessionFor(roleArn);
      const now = clock();
      const token = await new Signer({ hostname, port, region, username, credentials }).getAuthToken();
      return { token, expiresAt: Math.min(now + RDS_TOKEN_SECONDS * SECOND_MS, expiresAt) };
    },
  };
};

/** Loaded when first needed, because most cold starts of the other functions do not. */
const connectSts = async (): Promise<STSClient> => {
  const { STSClient } = await import('@aws-sdk/client-sts');
  return new STSClient(AWS_CLIENT_SETTINGS);
};

const assume = async (client: STSClient, RoleArn: string): Promise<SigningSession> => {
  const { AssumeRoleCommand } = await import('@aws-sdk/client-sts');
  const command = new AssumeRoleCommand({
    RoleArn,
    RoleSessionName: 'latchkey-vend',
    DurationSeconds: SIGNING_SESSION_SECONDS,
  });
  const { Credentials: given } = await client.send(command).catch((error: unknown) => {
    throw new DependencyUnavailable('sts', error);
  });
  if (!given?.AccessKeyId || !given.SecretAccessKey || !given.SessionToken || !given.Expiration)
    throw new DependencyUnavailable('sts', new Error('an incomplete session'));
  return {
    credentials: {
      accessKeyId: given.AccessKeyId,
      secretAccessKey: given.SecretAccessKey,
      sessionToken: given.SessionToken,
    },
    expiresAt: given.Expiration.getTime(),
  };
};
