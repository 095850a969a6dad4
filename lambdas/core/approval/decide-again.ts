import { isRunAction } from '../config/resource.ts';
import type { DeterminingPolicy } from '../failure.ts';
import type { Consent } from '../grant/grant.ts';
import { answerWith, type Policy, type PolicyCase, verdictOn } from '../policy/decide-access.ts';
import type { GrantedApproval } from './approval.ts';
import { resourceDigestOf } from './digest.ts';
import { type PeopleToday, standingConsent } from './standing-consent.ts';

/** What policy of now says to what people approved. */
export type DecidedAgain =
  | { readonly kind: 'yes'; readonly consent: Consent }
  /** It asks for more, or the resource is not what they saw. */
  | {
      readonly kind: 'ask';
      readonly quorum: number;
      readonly askedBy: readonly DeterminingPolicy[];
      readonly determinedBy: readonly DeterminingPolicy[];
    }
  | { readonly kind: 'no'; readonly determinedBy: readonly DeterminingPolicy[] };

/** At the time of use everything is decided again, with the people who still stand behind it. */
export const decideAgain = (
  policy: Policy,
  approval: GrantedApproval,
  { question, people }: { readonly question: PolicyCase; readonly people: PeopleToday },
): DecidedAgain => {
  const verdict = verdictOn(policy, question);
  if (verdict.effect === 'deny') return { kind: 'no', determinedBy: verdict.determinedBy };
  const consent = standingConsent(policy, approval, people);
  const isSame = resourceDigestOf(question.resource) === approval.asked.resourceDigest;
  if (isSame && isAllowed(policy, { ...question, ...givenOf(approval) }, consent))
    return { kind: 'yes', consent };
  const { askedBy, determinedBy } = verdict;
  return { kind: 'ask', quorum: Math.max(1, verdict.quorum), askedBy, determinedBy };
};

const givenOf = ({ granted }: GrantedApproval) => ({
  action: granted.action,
  durationSeconds: granted.seconds,
});

/** Runs that are given in the place of a login are a frame: people are asked for each of them, so whoever gave it is enough. */
const isAllowed = (policy: Policy, question: PolicyCase, consent: Consent): boolean =>
  isRunAction(question.action) && question.run === undefined
    ? consent.approvals > 0 && verdictOn(policy, question).effect === 'allow'
    : answerWith(policy, question, consent).allowed;
