import type { Clock } from '../../app/ports.ts';
import { endedPolicyArn, endingRoleArn } from '../../core/aws/role-shards.ts';
import type { AwsResource } from '../../core/config/resource.ts';
import { SESSION_MAX_SECONDS } from '../../core/limits.ts';
import type { AssumeRole } from './assume-role.ts';
import { keptSessions } from './kept-sessions.ts';
import { iamVersions, type PolicyVersions } from './policy-versions.ts';

export type VersionsOf = (resource: AwsResource, roleArn: string) => Promise<PolicyVersions>;

/**
 * Versions of the deny policy of any role of a target, by its own `…-ending` role, in whatever account that is. Its sessions
 * write these policies and nothing else.
 */
export const endingVersions = (tools: {
  readonly assume: AssumeRole;
  readonly clock: Clock;
  readonly endpoint?: string;
}): VersionsOf => {
  const sessionOf = keptSessions(tools);
  return async ({ target }, roleArn) => {
    const ask = {
      roleArn: endingRoleArn(target),
      externalId: target.externalId,
      sessionName: 'latchkey-revoker',
      seconds: SESSION_MAX_SECONDS,
    };
    const { keys: credentials } = await sessionOf(ask, 0);
    const endpoint = tools.endpoint === undefined ? {} : { endpoint: tools.endpoint };
    return iamVersions(endedPolicyArn(roleArn), { region: target.region, credentials, ...endpoint });
  };
};
