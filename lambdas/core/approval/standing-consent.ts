import type { PrincipalEntry } from '../config/issuer.ts';
import type { Consent } from '../grant/grant.ts';
import { type ContainmentRegister, isPrincipalContained } from '../grant/use-grant.ts';
import { groupsToday, listedEntry } from '../identity/listed-entry.ts';
import type { PrincipalId } from '../identity/principal.ts';
import { SECOND_MS } from '../limits.ts';
import type { Policy } from '../policy/decide-access.ts';
import type { PersonAction } from '../policy/question.ts';
import type { EpochMs } from '../time.ts';
import type { Approval, Person, Vote, VoteWay } from './approval.ts';
import { consentOf, everybody, isOneOf } from './consent.ts';

export const ACTION_OF_WAY: Readonly<Record<VoteWay, PersonAction>> = {
  page: 'approve',
  button: 'approve_by_button',
  break_glass: 'break_glass',
};

/** Whoever may say yes in one way or another may say no in any. */
export const DECIDING_ACTIONS: readonly PersonAction[] = Object.values(ACTION_OF_WAY);

/** Whether policy lets this person do this about what is asked, with these groups. */
export const mayPerson = (
  policy: Pick<Policy, 'askPerson'>,
  { asked, createdAt }: Pick<Approval, 'asked' | 'createdAt'>,
  about: { readonly person: Person; readonly action: PersonAction; readonly at: EpochMs },
): boolean =>
  policy.askPerson({
    principal: about.person,
    groups: about.person.groups,
    action: about.action,
    resource: asked.resource,
    context: {
      requested: asked.action,
      durationSeconds: asked.seconds,
      waitedSeconds: Math.max(0, Math.floor((about.at - createdAt) / SECOND_MS)),
    },
  }).allowed;

/** Whoever asked, or answers for who asked, by what was known then and by the file of now: four eyes stay four. */
export const isExcluded = (
  { asked, excluded }: Pick<Approval, 'asked' | 'excluded'>,
  person: PrincipalId,
  principals: readonly PrincipalEntry[],
): boolean => isOneOf([...excluded, ...(listedEntry(asked.requester, principals)?.owners ?? [])], person);

/** What has changed about people since they voted. */
export interface PeopleToday {
  readonly principals: readonly PrincipalEntry[];
  readonly containment: Pick<ContainmentRegister, 'principals'>;
}

/**
 * The people who stand behind an approval when it is used: those who could still approve today, with the groups that
 * they still have. Whoever has left a group, was listed as an owner or was contained meanwhile does not count any more.
 */
export const standingConsent = (
  policy: Policy,
  approval: Approval,
  { principals, containment }: PeopleToday,
): Consent => {
  const standing = approval.votes.flatMap((vote) => {
    const person = personToday(vote.voter, principals);
    const action = ACTION_OF_WAY[vote.way];
    if (vote.decision !== 'approve' || !person || isExcluded(approval, person, principals)) return [];
    if (isPrincipalContained(containment, person)) return [];
    return mayPerson(policy, approval, { person, action, at: vote.at }) ? [{ ...vote, voter: person }] : [];
  });
  return isEmergency(standing) ? everybody(policy.groups) : consentOf(standing);
};

const isEmergency = (votes: readonly Vote[]): boolean => votes.some(({ way }) => way === 'break_glass');

const personToday = (voter: Person, principals: readonly PrincipalEntry[]): Person | undefined => {
  const groups = groupsToday(
    { principal: voter, groups: voter.groups, entryGroups: voter.entryGroups },
    principals,
  );
  return groups && { ...voter, groups };
};
