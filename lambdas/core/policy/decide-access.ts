import type { Resource, ResourceAction } from '../config/resource.ts';
import type { Denial } from '../grant/grant.ts';
import type { AccessDecision } from '../grant/open-grant.ts';
import type { Principal } from '../identity/principal.ts';
import { GRANT_MAX_SECONDS, UNATTENDED_GRANT_MAX_SECONDS } from '../limits.ts';
import type { AskPolicy, Verdict } from './question.ts';
import { findQuorum } from './quorum.ts';

/** Policy as one function carries it: the engine and every group that could approve. */
export interface Policy {
  readonly ask: AskPolicy;
  readonly groups: readonly string[];
}

export interface AccessCase {
  readonly principal: Principal;
  readonly resource: Resource;
  readonly action: ResourceAction;
  readonly durationSeconds: number;
  readonly isContained: boolean;
}

/** Everything that can say no, in the order in which a no is least surprising; then policy. Default deny. */
export const decideAccess = (policy: Policy, access: AccessCase): AccessDecision => {
  const { principal, resource, durationSeconds } = access;
  if (!principal.listed) return refuse('principal_unknown');
  if (!principal.groups.known) return refuse('groups_unavailable');
  if (access.isContained) return refuse('contained');
  if (durationSeconds > maxSeconds(resource)) return refuse('duration_too_long');
  const verdict = verdictOn(policy, { ...access, groups: principal.groups.names });
  if (verdict.effect === 'deny') return refuse('policy_denied', verdict.determinedBy);
  if (verdict.quorum === 0 && durationSeconds > UNATTENDED_GRANT_MAX_SECONDS)
    return refuse('duration_too_long', verdict.determinedBy);
  // Four eyes cannot be checked for an agent that nobody answers for.
  if (verdict.quorum > 0 && principal.type !== 'human' && principal.owners.length === 0)
    return refuse('owner_unknown', verdict.determinedBy);
  return verdict;
};

const refuse = (denial: Denial, determinedBy: Verdict['determinedBy'] = []): AccessDecision => ({
  effect: 'refuse',
  denial,
  determinedBy,
});

export const maxSeconds = (resource: Resource): number =>
  Math.min(resource.maxDurationSeconds, GRANT_MAX_SECONDS);

/** The question alone, as it is also asked again of a live grant when policy has changed. */
export const verdictOn = (
  policy: Policy,
  about: Pick<AccessCase, 'action' | 'durationSeconds'> & {
    readonly principal: Pick<Principal, 'issuer' | 'subject' | 'type' | 'name'>;
    readonly resource: { readonly id: string };
    readonly groups: readonly string[];
  },
): Verdict =>
  findQuorum(
    policy.ask,
    {
      principal: about.principal,
      groups: about.groups,
      action: about.action,
      resource: about.resource.id,
      durationSeconds: about.durationSeconds,
    },
    policy.groups,
  );
