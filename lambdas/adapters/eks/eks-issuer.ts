import { type Clock, DependencyUnavailable } from '../../app/ports.ts';
import type { Issued, Issuer } from '../../app/ports-of-targets.ts';
import { sessionMarks } from '../../core/aws/session-marks.ts';
import type { EksResource } from '../../core/config/resource.ts';
import type { EksProfile } from '../../core/config/target-addresses.ts';
import { eksToken, tokenUntil } from '../../core/eks/eks-token.ts';
import { clusterUser } from '../../core/grant/ids.ts';
import { SECOND_MS, SESSION_MIN_SECONDS } from '../../core/limits.ts';
import { fail, ok } from '../../core/result.ts';
import type { AssumeRole } from '../aws/assume-role.ts';
import { presignIdentity } from './presign-identity.ts';

export interface EksIssuerTools {
  readonly assume: AssumeRole;
  readonly clock: Clock;
}

/** Of all that a session could do, only the one call is left that AWS lets nobody be denied. */
const NOTHING = JSON.stringify({
  Version: '2012-10-17',
  Statement: [{ Effect: 'Deny', Action: '*', Resource: '*' }],
});

/**
 * Credentials of kind `eks`. Each is signed by a session of its own, which is named by its grant, so that the cluster knows it as the user
 * of that grant and of no other. The keys of the session are dropped here.
 */
export const eksIssuer = ({ assume, clock }: EksIssuerTools): Issuer<EksResource> => ({
  async issue({ resource: { target }, grant }) {
    const profile = target.profiles[grant.profile ?? ''];
    if (!profile) return fail({ code: 'grant_over', state: 'profile_removed' });
    const {
      keys,
      expiresAt: sessionUntil,
      packedPercent,
    } = await assume({
      ...sessionMarks(grant),
      roleArn: target.roleArn,
      externalId: target.externalId,
      sessionName: grant.id,
      seconds: SESSION_MIN_SECONDS,
      policy: NOTHING,
    });
    // The signature's own date has no smaller unit.
    const signedAt = Math.floor(clock() / SECOND_MS) * SECOND_MS;
    const token = eksToken(await presignIdentity({ keys, ...target, at: signedAt }));
    if (token === undefined) throw new DependencyUnavailable('sts', new Error('a token that is too long'));
    return ok({
      content: contentOf(target, { user: clusterUser(grant.id), profile, token }),
      secret: token,
      expiresAt: tokenUntil({ signedAt, sessionUntil, grantUntil: grant.expiresAt }),
      told: { accessKeyId: keys.accessKeyId, packedPolicyPercent: packedPercent },
    });
  },
});

const contentOf = (
  { cluster, endpoint, caPem }: EksResource['target'],
  { user, profile, token }: { user: string; profile: EksProfile; token: string },
): Issued['content'] => ({
  kind: 'eks',
  cluster,
  endpoint,
  caPem,
  namespace: profile.namespace,
  user,
  token,
});
