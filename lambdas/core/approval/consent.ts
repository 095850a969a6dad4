import { offersAction, type Resource, type ResourceAction, VEND_ACTIONS } from '../config/resource.ts';
import type { Consent } from '../grant/grant.ts';
import type { PrincipalId } from '../identity/principal.ts';
import { isSamePrincipal } from '../identity/principal.ts';
import { GRANT_MIN_SECONDS, QUORUM_MAX } from '../limits.ts';
import type { Approval, Asked, Granted, Vote } from './approval.ts';

/** What policy is told of the people behind these votes: how many there are, and every group that one of them is in. */
export const consentOf = (votes: readonly Vote[]): Consent => {
  const approving = votes.filter(({ decision }) => decision === 'approve');
  const groups = approving.flatMap(({ voter }) => voter.groups);
  return { approvals: approving.length, approverGroups: [...new Set(groups)].sort() };
};

/** What policy is told where nobody was asked. */
export const NOBODY: Consent = { approvals: 0, approverGroups: [] };

/** Everybody who has said yes, whether or not their word still counts. */
export const approversOf = (votes: readonly Vote[]): readonly PrincipalId[] =>
  votes
    .filter(({ decision }) => decision === 'approve')
    .map(({ voter: { issuer, subject } }) => ({ issuer, subject }));

/** An emergency stands for everybody who could have been asked; what policy forbids outright it does not lift. */
export const everybody = (groups: readonly string[]): Consent => ({
  approvals: QUORUM_MAX,
  approverGroups: groups,
});

export const isOneOf = (people: readonly PrincipalId[], person: PrincipalId): boolean =>
  people.some((one) => isSamePrincipal(one, person));

export const hasVoted = ({ votes }: Pick<Approval, 'votes'>, person: PrincipalId): boolean =>
  votes.some(({ voter }) => isSamePrincipal(voter, person));

export const approvalsGiven = ({ votes }: Pick<Approval, 'votes'>): number => consentOf(votes).approvals;

export const approvalsMissing = (approval: Pick<Approval, 'votes' | 'quorum'>): number =>
  Math.max(0, approval.quorum - approvalsGiven(approval));

/** From the least to the most that may come of an action. */
const WIDTH: readonly ResourceAction[] = ['postgres:read', 'postgres:write', 'postgres:ddl', ...VEND_ACTIONS];

/**
 * What may be given instead of a login: runs that Latchkey executes one by one, or reads alone. A run and a plan are
 * approved as they are.
 */
export const offersOf = (asked: Asked, resource: Pick<Resource, 'actions'>): readonly Granted[] => {
  const { action, seconds } = asked;
  const narrower =
    asked.subject.kind === 'grant' && action === 'postgres:connect'
      ? (['postgres:write', 'postgres:read'] as const).filter((one) => offersAction(resource, one))
      : [];
  return [action, ...narrower].map((one) => ({ action: one, seconds }));
};

/** Whether somebody may give this: never more than was asked, and never less time than a grant can have. */
export const isOffered = (granted: Granted, asked: Asked, resource: Pick<Resource, 'actions'>): boolean => {
  const isShorter = asked.subject.kind === 'grant' && granted.seconds >= GRANT_MIN_SECONDS;
  return (
    Number.isSafeInteger(granted.seconds) &&
    (granted.seconds === asked.seconds || (isShorter && granted.seconds < asked.seconds)) &&
    offersOf(asked, resource).some(({ action }) => action === granted.action)
  );
};

/** Of what several people would give, the least. */
export const leastOf = (asked: Asked, votes: readonly Vote[]): Granted => {
  const given = votes.map(({ granted }) => granted).filter((granted) => granted !== undefined);
  return given.reduce<Granted>(
    (least, one) => ({
      action: WIDTH.indexOf(one.action) < WIDTH.indexOf(least.action) ? one.action : least.action,
      seconds: Math.min(one.seconds, least.seconds),
    }),
    { action: asked.action, seconds: asked.seconds },
  );
};
