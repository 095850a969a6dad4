import type { STSClient } from '@aws-sdk/client-sts';
import type { ClusterToken } from '../../app/credential.ts';
import { DependencyUnavailable } from '../../app/ports.ts';
import type { IssueAsk, Issued } from '../../app/ports-of-targets.ts';
import type { EksResource } from '../../core/config/resource.ts';
import { eksToken, tokenUntil } from '../../core/eks/eks-token.ts';
import type { ActiveGrant } from '../../core/grant/grant.ts';
import { clusterUser } from '../../core/grant/ids.ts';
import { EKS_SESSION_SECONDS, SECOND_MS } from '../../core/limits.ts';
import { fail, ok, type Result } from '../../core/result.ts';
import type { EpochMs } from '../../core/time.ts';
import { AWS_CLIENT_SETTINGS } from '../aws-client-settings.ts';
import { presignIdentity, type SigningKeys } from './presign-identity.ts';

/** What a session is told of, in CloudTrail. */
export interface Marks {
  readonly tags: Readonly<Record<string, string>>;
  readonly sourceIdentity: string;
}

interface EksIssuer {
  issue(
    ask: Pick<IssueAsk<EksResource>, 'resource' | 'grant'>,
  ): Promise<Result<Omit<Issued, 'content'> & { content: ClusterToken }>>;
}

interface Tools {
  readonly clock: () => EpochMs;
  readonly marksOf: (grant: ActiveGrant) => Marks;
}

/**
 * The port `Issuer` of clusters. Each credential has a session of its own, named by its grant, so that the cluster knows it as the user of
 * that grant and of no other. Of all that a session could do, only the one call is left that AWS lets nobody be denied.
 */
export const eksIssuer = ({ clock, marksOf }: Tools): EksIssuer => {
  let client: Promise<STSClient> | undefined;
  return {
    async issue({ resource, grant }) {
      client ??= connectSts();
      const session = await assume(await client, resource, { id: grant.id, marks: marksOf(grant) });
      // The signature's own date has no smaller unit.
      const at = Math.floor(clock() / SECOND_MS) * SECOND_MS;
      const { region, cluster } = resource.target;
      const token = eksToken(await presignIdentity({ keys: session.keys, region, cluster, at }));
      if (token === undefined) return fail({ code: 'dependency_unavailable', dependency: 'sts' });
      const { expiresAt: grantUntil } = grant;
      const expiresAt = tokenUntil({ signedAt: at, sessionUntil: session.expiresAt, grantUntil });
      return ok({ content: contentOf(resource, grant, token), secret: token, expiresAt });
    },
  };
};

const contentOf = ({ target }: EksResource, grant: ActiveGrant, token: string): ClusterToken => ({
  kind: 'eks',
  cluster: target.cluster,
  endpoint: target.endpoint,
  caPem: target.caPem,
  namespace: target.profiles[grant.profile ?? '']?.namespace ?? '',
  user: clusterUser(grant.id),
  token,
});

/** Loaded when first needed, because most cold starts do not. */
const connectSts = async (): Promise<STSClient> => {
  const { STSClient } = await import('@aws-sdk/client-sts');
  return new STSClient(AWS_CLIENT_SETTINGS);
};

const NOTHING = JSON.stringify({
  Version: '2012-10-17',
  Statement: [{ Effect: 'Deny', Action: '*', Resource: '*' }],
});

const assume = async (
  client: STSClient,
  { target }: EksResource,
  { id, marks }: { readonly id: string; readonly marks: Marks },
): Promise<{ keys: SigningKeys; expiresAt: EpochMs }> => {
  const { AssumeRoleCommand } = await import('@aws-sdk/client-sts');
  const command = new AssumeRoleCommand({
    RoleArn: target.roleArn,
    RoleSessionName: id,
    DurationSeconds: EKS_SESSION_SECONDS,
    ExternalId: target.externalId,
    Policy: NOTHING,
    SourceIdentity: marks.sourceIdentity,
    Tags: Object.entries(marks.tags).map(([Key, Value]) => ({ Key, Value })),
  });
  const { Credentials: given } = await client.send(command).catch((error: unknown) => {
    throw new DependencyUnavailable('sts', error);
  });
  if (!given?.AccessKeyId || !given.SecretAccessKey || !given.SessionToken || !given.Expiration)
    throw new DependencyUnavailable('sts', new Error('an incomplete session'));
  return {
    keys: {
      accessKeyId: given.AccessKeyId,
      secretAccessKey: given.SecretAccessKey,
      sessionToken: given.SessionToken,
    },
    expiresAt: given.Expiration.getTime(),
  };
};
