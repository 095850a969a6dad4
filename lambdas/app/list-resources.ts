import { type AskedNames, findResource } from '../core/config/find-resource.ts';
import { isRunAction, profilesOf, type Resource, type ResourceAction } from '../core/config/resource.ts';
import type { DeterminingPolicy } from '../core/failure.ts';
import type { Principal } from '../core/identity/principal.ts';
import { GRANT_MIN_SECONDS, UNATTENDED_GRANT_MAX_SECONDS } from '../core/limits.ts';
import type { Policy } from '../core/policy/decide-access.ts';
import { decideAccess, maxSeconds, needsJust, verdictOn } from '../core/policy/decide-access.ts';

/** One action on one resource that this caller may ask for. */
export interface OfferedAction {
  readonly action: ResourceAction;
  /** Undefined where the resource has none; of several, each is offered by itself. */
  readonly profile: string | undefined;
  /** `credential`: vended. `run`: Latchkey executes. */
  readonly mode: 'credential' | 'run';
  /** Of a run: how many people each would need, as far as can be said without knowing it. */
  readonly quorum: number;
  readonly maxDurationSeconds: number;
  readonly determinedBy: readonly DeterminingPolicy[];
}

export interface OfferedResource {
  readonly resource: Resource;
  readonly actions: readonly OfferedAction[];
}

/** What this caller could be given. What it could not is left out, as if it did not exist. */
export const listResources = (
  deps: { readonly policy: Policy; readonly resources: readonly Resource[] },
  principal: Principal,
): readonly OfferedResource[] =>
  deps.resources
    .map((resource) => ({
      resource,
      actions: resource.actions
        .flatMap((action) =>
          profilesOrNone(resource).map((profile) =>
            offer(deps.policy, { principal, resource, action, profile }),
          ),
        )
        .filter((offered) => offered !== undefined),
    }))
    .filter(({ actions }) => actions.length > 0);

const profilesOrNone = (resource: Resource): readonly (string | undefined)[] => {
  const profiles = profilesOf(resource);
  return profiles.length === 0 ? [undefined] : profiles;
};

/**
 * The resource and action that were asked for. What is suggested in their place is only what this caller may ask
 * for: a guess must not find the names of other resources.
 */
export const findOffered = (
  deps: { readonly policy: Policy; readonly resources: readonly Resource[] },
  principal: Principal,
  asked: AskedNames,
): ReturnType<typeof findResource> => {
  const found = findResource(deps.resources, asked);
  if (found.ok) return found;
  const offered = listResources(deps, principal).map(({ resource }) => resource);
  return findResource(offered, asked);
};

const offer = (
  policy: Policy,
  about: {
    readonly principal: Principal;
    readonly resource: Resource;
    readonly action: ResourceAction;
    readonly profile: string | undefined;
  },
): OfferedAction | undefined => {
  const decide = (durationSeconds: number) =>
    decideAccess(policy, { ...about, durationSeconds, isContained: false });
  const least = decide(GRANT_MIN_SECONDS);
  if (least.effect === 'refuse') return undefined;
  const { quorum } = least;
  const isAllowedFor = (seconds: number): boolean =>
    isRunAction(about.action)
      ? decide(seconds).effect === 'allow'
      : needsJust(policy, { ...about, groups: groupsOf(about.principal), durationSeconds: seconds }, quorum);
  return {
    action: about.action,
    profile: about.profile,
    mode: isRunAction(about.action) ? 'run' : 'credential',
    quorum: quorumOf(policy, about, quorum),
    maxDurationSeconds: longest(
      { from: GRANT_MIN_SECONDS, to: longestPossible(about.resource, quorum) },
      isAllowedFor,
    ),
    determinedBy: least.determinedBy,
  };
};

const groupsOf = ({ groups }: Principal): readonly string[] => (groups.known ? groups.names : []);

const quorumOf = (
  policy: Policy,
  { principal, resource, action }: Parameters<typeof offer>[1],
  ofGrant: number,
): number => {
  if (!isRunAction(action)) return ofGrant;
  const verdict = verdictOn(policy, {
    principal,
    groups: groupsOf(principal),
    resource,
    action,
    durationSeconds: GRANT_MIN_SECONDS,
  });
  return verdict.effect === 'allow' ? verdict.quorum : ofGrant;
};

const longestPossible = (resource: Resource, quorum: number): number =>
  quorum === 0 ? Math.min(maxSeconds(resource), UNATTENDED_GRANT_MAX_SECONDS) : maxSeconds(resource);

/** The largest window that is still allowed at the same quorum, found by halving: policies bound durations from above. */
const longest = (range: { from: number; to: number }, isAllowed: (seconds: number) => boolean): number => {
  if (isAllowed(range.to)) return range.to;
  let { from, to } = range;
  while (to - from > 1) {
    const middle = Math.floor((from + to) / 2);
    if (isAllowed(middle)) from = middle;
    else to = middle;
  }
  return from;
};
