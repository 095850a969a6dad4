import type { Person } from '../core/approval/approval.ts';
import type { PrincipalEntry } from '../core/config/issuer.ts';
import type { Containment } from '../core/containment/containment.ts';
import type { ContainmentRefusal } from '../core/containment/containment-refusal.ts';
import { answersFor } from '../core/containment/who-lifts.ts';
import { listedEntry } from '../core/identity/listed-entry.ts';
import { isSamePrincipal } from '../core/identity/principal.ts';
import { NOTE_MAX_CHARACTERS } from '../core/limits.ts';
import type { AskContainment, ContainmentAction } from '../core/policy/question.ts';
import { fail, ok, type Result } from '../core/result.ts';
import type { EpochMs } from '../core/time.ts';
import type { Caller } from './caller.ts';
import { hasSignedInLately, personOf, type Visitor } from './visitor.ts';

export interface RightsDeps {
  readonly policy: { readonly askContainment: AskContainment };
  readonly principals: readonly PrincipalEntry[];
}

/** With a bearer token, whose life its issuer limits; or at the console, where a session outlives the sign-in. */
export type Operator = Caller | Visitor;

/** What a right is asked about: a stop, or what would be one. */
export type Stop = Pick<Containment, 'scope' | 'holders'>;

/** A person, in their own name: whoever acts with the token of another is neither. */
export const personIn = (
  { principals }: Pick<RightsDeps, 'principals'>,
  operator: Operator,
): Person | undefined =>
  operator.principal.delegation.length > 0 ? undefined : personOf(operator, principals);

/** The person, where their word may count at all: today, at this screen, and with a reason. */
export const wordOf = (
  deps: Pick<RightsDeps, 'principals'>,
  operator: Operator,
  { why, at }: { readonly why: string; readonly at: EpochMs },
): Result<Person, ContainmentRefusal> => {
  const person = personIn(deps, operator);
  if (!person) return fail({ code: 'not_a_person' });
  if ('authenticatedAt' in operator && !hasSignedInLately(operator, at))
    return fail({ code: 'sign_in_again' });
  if (why.trim() === '') return fail({ code: 'reason_missing' });
  return why.length > NOTE_MAX_CHARACTERS ? fail({ code: 'too_long' }) : ok(person);
};

/** Whoever answers for a caller may always stop it; everything else is policy's to allow. */
export const mayContain = (deps: RightsDeps, person: Person, stop: Stop): boolean =>
  answersFor(stop, person, deps.principals) || isAllowed(deps, person, { action: 'contain', stop });

export const mayLift = (deps: RightsDeps, person: Person, stop: Stop): boolean =>
  isAllowed(deps, person, { action: 'lift', stop });

/** Whoever could have placed it, or may lift it, or has done either. */
export const maySee = (deps: RightsDeps, person: Person, containment: Containment): boolean =>
  isSamePrincipal(containment.placed.by, person) ||
  (containment.state === 'lifted' && isSamePrincipal(containment.lifted.by, person)) ||
  mayContain(deps, person, containment) ||
  mayLift(deps, person, containment);

/** Of several callers who share a subject, all must be allowed: a stop of one is a stop of all. */
const isAllowed = (
  deps: RightsDeps,
  person: Person,
  { action, stop }: { readonly action: ContainmentAction; readonly stop: Stop },
): boolean =>
  stoppedBy(stop, deps.principals).every(
    (stopped) =>
      deps.policy.askContainment({ principal: person, groups: person.groups, action, stopped }).allowed,
  );

const stoppedBy = ({ scope, holders }: Stop, principals: readonly PrincipalEntry[]) => {
  if (scope.kind === 'everything') return [{ scope: scope.kind }];
  if (scope.kind === 'resource') return [{ scope: scope.kind, resource: scope.key }];
  const { kind } = scope;
  // Of a key that nobody is known by, policy is asked as of somebody whom no policy names.
  const known = holders.length > 0 ? holders : [{ ...STRANGER, subject: scope.key }];
  return known.map((holder) => ({
    scope: kind,
    holder,
    holderGroups: listedEntry(holder, principals)?.groups ?? [],
  }));
};

const STRANGER = { issuer: '', type: 'agent', name: '' } as const;
