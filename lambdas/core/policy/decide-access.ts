import { classOf, isRunAction, type Resource, type ResourceAction, type Rights } from '../config/resource.ts';
import type { Consent, Denial } from '../grant/grant.ts';
import type { AccessDecision } from '../grant/open-grant.ts';
import type { Principal } from '../identity/principal.ts';
import { GRANT_MAX_SECONDS, UNATTENDED_GRANT_MAX_SECONDS } from '../limits.ts';
import type { AskPerson, AskPolicy, AskUnmask, PolicyAnswer, RunFacts, Verdict } from './question.ts';
import { askWith, askWithAnybody, findQuorum, type OpenQuestion } from './quorum.ts';

/** Policy as one function carries it: the engine, every group that could approve, and every category that can be masked. */
export interface Policy {
  readonly ask: AskPolicy;
  readonly askUnmask: AskUnmask;
  readonly askPerson: AskPerson;
  readonly groups: readonly string[];
  readonly categories: readonly string[];
}

export interface AccessCase {
  readonly principal: Principal;
  readonly resource: Resource;
  readonly action: ResourceAction;
  readonly profile?: string | undefined;
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
  // A grant of runs is a frame: nothing can be done with it that each run is not asked for again, so people are asked there.
  const quorum = isRunAction(access.action) ? 0 : verdict.quorum;
  if (quorum === 0 && durationSeconds > UNATTENDED_GRANT_MAX_SECONDS)
    return refuse('duration_too_long', verdict.determinedBy);
  if (lacksOwner({ principal, owners: principal.owners }, verdict.quorum))
    return refuse('owner_unknown', verdict.determinedBy);
  return { ...verdict, quorum };
};

const refuse = (denial: Denial, determinedBy: Verdict['determinedBy'] = []): AccessDecision => ({
  effect: 'refuse',
  denial,
  determinedBy,
});

export const maxSeconds = (resource: Resource): number =>
  Math.min(resource.maxDurationSeconds, GRANT_MAX_SECONDS);

/** Whom a question is about, as a principal of now or as a grant or run keeps one. */
interface Asking {
  readonly principal: Pick<Principal, 'issuer' | 'subject' | 'type' | 'name'>;
  readonly groups: readonly string[];
  readonly resource: { readonly id: string };
}

/** What policy alone has to say of, for a grant or, with `run`, for one statement under it. */
export interface PolicyCase extends Asking, Pick<AccessCase, 'action' | 'profile' | 'durationSeconds'> {
  readonly resource: Resource;
  readonly run?: RunFacts;
}

/** The question alone, as it is also asked again of a live grant when policy has changed. */
export const verdictOn = (policy: Policy, about: PolicyCase): Verdict =>
  findQuorum(policy.ask, questionOf(about), policy.groups);

const questionOf = (about: PolicyCase): OpenQuestion => {
  const { principal, groups, action, profile, resource, durationSeconds, run } = about;
  const question = { principal, groups, action, profile, resource: resource.id, durationSeconds };
  return run ? { ...question, run } : question;
};

/** The same question for the people who stand behind it, however many policy would ask for. */
export const answerWith = (policy: Policy, about: PolicyCase, consent: Consent): PolicyAnswer =>
  askWith(policy.ask, questionOf(about), consent);

/** Whether it takes just so many people, without looking for their number anew. */
export const needsJust = (policy: Policy, about: PolicyCase, quorum: number): boolean => {
  const isAllowedWith = (approvals: number): boolean =>
    askWithAnybody(policy.ask, questionOf(about), { approvals, groups: policy.groups }).allowed;
  return isAllowedWith(quorum) && (quorum === 0 || !isAllowedWith(quorum - 1));
};

/** The question of one statement, with everything that is known of it. */
export const verdictOnRun = (policy: Policy, about: PolicyCase & { readonly run: RunFacts }): Verdict =>
  verdictOn(policy, about);

/** Four eyes cannot be checked for an agent that nobody answers for. */
export const lacksOwner = (
  { principal, owners }: { readonly principal: Pick<Principal, 'type'>; readonly owners: readonly unknown[] },
  quorum: number,
): boolean => quorum > 0 && principal.type !== 'human' && owners.length === 0;

/** Every category that this caller may see as it is on this resource, in the order of the configuration. */
export const unmaskedCategories = (
  { askUnmask, categories }: Policy,
  { principal, groups, resource }: Asking,
): readonly string[] =>
  categories.filter((category) => askUnmask({ principal, groups, resource: resource.id, category }).allowed);

/** What the role of a grant may do. A login cannot mask, so without a right to see everything it lacks what is sensitive. */
export const rightsFor = (
  { sensitive }: Pick<Resource, 'sensitive'>,
  action: ResourceAction,
  unmasked: readonly string[],
): Rights => {
  if (isRunAction(action)) return classOf(action);
  return sensitive.every(({ category }) => unmasked.includes(category)) ? 'connect' : 'connect_masked';
};
