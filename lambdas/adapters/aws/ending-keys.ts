import type { Clock } from '../../app/ports.ts';
import { endedPolicyArn, endingRoleArn } from '../../core/aws/role-shards.ts';
import type { AwsResource } from '../../core/config/resource.ts';
import { SECOND_MS, SESSION_MAX_SECONDS, SIGNING_SESSION_MARGIN_SECONDS } from '../../core/limits.ts';
import type { AssumedSession, AssumeRole } from './assume-role.ts';
import { iamVersions, type PolicyVersions } from './policy-versions.ts';

export type VersionsOf = (resource: AwsResource, roleArn: string) => Promise<PolicyVersions>;

/**
 * Versions of the deny policy of any role of a target, by its own `…-ending` role, in whatever account that is. Its sessions
 * are kept in memory while they last: they write these policies and nothing else.
 */
export const endingVersions = (tools: {
  readonly assume: AssumeRole;
  readonly clock: Clock;
  readonly endpoint?: string;
}): VersionsOf => {
  const kept = new Map<string, Promise<AssumedSession>>();
  const sessionFor = async ({ target }: AwsResource): Promise<AssumedSession> => {
    const roleArn = endingRoleArn(target);
    const session = await kept.get(roleArn);
    if (session && session.expiresAt - tools.clock() > SIGNING_SESSION_MARGIN_SECONDS * SECOND_MS)
      return session;
    const { externalId } = target;
    const made = tools.assume({
      roleArn,
      externalId,
      sessionName: 'latchkey-revoker',
      seconds: SESSION_MAX_SECONDS,
    });
    kept.set(roleArn, made);
    // A failure is not kept: the next call tries again.
    made.catch(() => kept.delete(roleArn));
    return made;
  };
  return async (resource, roleArn) => {
    const { keys: credentials } = await sessionFor(resource);
    const { region } = resource.target;
    const endpoint = tools.endpoint === undefined ? {} : { endpoint: tools.endpoint };
    return iamVersions(endedPolicyArn(roleArn), { region, credentials, ...endpoint });
  };
};
