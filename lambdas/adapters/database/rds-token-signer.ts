import { Signer } from '@aws-sdk/rds-signer';
import type { Clock } from '../../app/ports.ts';
import type { DatabaseResource } from '../../core/config/databases.ts';
import { RDS_TOKEN_SECONDS, SECOND_MS, SIGNING_SESSION_SECONDS } from '../../core/limits.ts';
import type { EpochMs } from '../../core/time.ts';
import type { AssumeRole } from '../aws/assume-role.ts';
import { keptSessions } from '../aws/kept-sessions.ts';

/** Signs for one `lk_…` user. `expiresAt` is the earlier of the token's own end and its signing session's. */
export interface DatabaseTokenSigner {
  sign(resource: DatabaseResource, user: string): Promise<{ token: string; expiresAt: EpochMs }>;
}

/** Users outside this prefix, our own administrator among them, can never be signed for here. */
const GRANT_USER = /^lk_[0-9a-z_]{1,60}$/;

/**
 * Signs under the role of the resource's target, which may log in as users of
 * grants and as nobody else. Warm, this makes no call to AWS.
 */
export const rdsTokenSigner = (tools: {
  readonly assume: AssumeRole;
  readonly clock: Clock;
}): DatabaseTokenSigner => {
  const sessionOf = keptSessions(tools);
  return {
    async sign(resource: DatabaseResource, username: string) {
      if (!GRANT_USER.test(username)) throw new TypeError('only users of grants are signed for');
      const { host: hostname, port, region, roleArn, externalId } = resource.target;
      if (roleArn === undefined) throw new TypeError('its users have passwords');
      const ask = {
        roleArn,
        externalId,
        sessionName: 'latchkey-vend',
        seconds: SIGNING_SESSION_SECONDS,
      };
      const { keys: credentials, expiresAt } = await sessionOf(ask, RDS_TOKEN_SECONDS);
      const now = tools.clock();
      const token = await new Signer({ hostname, port, region, username, credentials }).getAuthToken();
      return { token, expiresAt: Math.min(now + RDS_TOKEN_SECONDS * SECOND_MS, expiresAt) };
    },
  };
};
