import type { Clock, Log } from '../../app/ports.ts';
import type { Issued, Issuer } from '../../app/ports-of-targets.ts';
import { roleOfGrant } from '../../core/aws/role-shards.ts';
import { sessionMarks } from '../../core/aws/session-marks.ts';
import { largestOf, sessionPolicy } from '../../core/aws/session-policy.ts';
import type { AwsResource } from '../../core/config/resource.ts';
import type { AwsStatement } from '../../core/config/target-addresses.ts';
import type { ActiveGrant } from '../../core/grant/grant.ts';
import {
  PACKED_SIZE_WARN_PERCENT,
  SECOND_MS,
  SESSION_MAX_SECONDS,
  SESSION_MIN_SECONDS,
} from '../../core/limits.ts';
import { fail, ok } from '../../core/result.ts';
import type { EpochMs } from '../../core/time.ts';
import { type AssumedSession, type AssumeRole, SessionTooLarge } from './assume-role.ts';

export interface AwsIssuerTools {
  readonly assume: AssumeRole;
  readonly clock: Clock;
  readonly log: Log;
}

/** Credentials of kind `aws`: for each a session of its own, never kept and never given twice. */
export const awsIssuer = (tools: AwsIssuerTools): Issuer<AwsResource> => ({
  async issue({ resource, grant }) {
    const profile = resource.target.profiles[grant.profile ?? ''];
    if (!profile) return fail({ code: 'grant_over', state: 'profile_removed' });
    try {
      const session = await assumeFor(tools, { resource, grant, allow: profile.allow });
      if (session.packedPercent > PACKED_SIZE_WARN_PERCENT)
        tools.log('warn', 'a session is nearly too large', {
          resourceId: resource.id,
          profile: grant.profile ?? '',
          percent: session.packedPercent,
        });
      return ok(issuedOf({ resource, grant, session }));
    } catch (error) {
      if (!(error instanceof SessionTooLarge)) throw error;
      const largest = largestOf(profile.allow).index;
      return fail({ code: 'profile_too_large', profile: grant.profile ?? '', largest });
    }
  },
});

interface Vending {
  readonly resource: AwsResource;
  readonly grant: ActiveGrant;
}

const assumeFor = (
  { assume, clock }: AwsIssuerTools,
  { resource, grant, allow }: Vending & { readonly allow: readonly AwsStatement[] },
): Promise<AssumedSession> =>
  assume({
    ...sessionMarks(grant),
    roleArn: roleOfGrant(resource.target, grant.id),
    externalId: resource.target.externalId,
    sessionName: grant.id,
    seconds: secondsFor(grant.expiresAt, clock()),
    policy: sessionPolicy(allow, grant.expiresAt),
  });

/** As long as the grant, within what STS gives. What is left over of the shortest session is cut off by the dates in its policy. */
const secondsFor = (expiresAt: EpochMs, now: EpochMs): number =>
  Math.max(SESSION_MIN_SECONDS, Math.min(SESSION_MAX_SECONDS, Math.ceil((expiresAt - now) / SECOND_MS)));

const issuedOf = ({ resource, grant, session }: Vending & { readonly session: AssumedSession }): Issued => ({
  content: { kind: 'aws', ...session.keys, region: resource.target.region },
  secret: session.keys.sessionToken,
  expiresAt: Math.min(session.expiresAt, grant.expiresAt),
  roleArn: roleOfGrant(resource.target, grant.id),
  told: { accessKeyId: session.keys.accessKeyId, packedPolicyPercent: session.packedPercent },
});
