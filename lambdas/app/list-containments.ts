import type { Person } from '../core/approval/approval.ts';
import type { Containment } from '../core/containment/containment.ts';
import { isStanding } from '../core/containment/containment.ts';
import type { ContainmentRefusal } from '../core/containment/containment-refusal.ts';
import { STILL_ENDING_LISTED_MAX_COUNT } from '../core/containment/limits.ts';
import { hasPartIn } from '../core/containment/who-lifts.ts';
import type { EndedGrant } from '../core/grant/grant.ts';
import { isOver } from '../core/grant/grant.ts';
import { fail, ok, type Result } from '../core/result.ts';
import { mayLift, maySee, type Operator, personIn, type RightsDeps } from './containment-rights.ts';
import { type FindWithinDeps, findWithin } from './find-within.ts';
import type { Containments } from './ports-of-containment.ts';

export interface ListDeps extends RightsDeps {
  readonly containments: Pick<Containments, 'list'>;
}

export interface ShowDeps extends RightsDeps, FindWithinDeps {
  readonly containments: Pick<Containments, 'find'>;
}

/** What is within a stop and has not come to its end, counted, and by id as far as a list goes. */
export interface StillEnding {
  readonly count: number;
  readonly grants: readonly {
    readonly id: string;
    /** `open`: no pass has come to it yet. */
    readonly status: 'open' | 'pending' | 'quarantined';
    readonly attempts: number;
    readonly lastError: string | undefined;
  }[];
  readonly runs: readonly string[];
}

/** `mayLift`: this person, by policy and as a second one. */
export interface ListedContainment {
  readonly containment: Containment;
  readonly mayLift: boolean;
}

export interface ShownContainment extends ListedContainment {
  readonly stillEnding: StillEnding;
}

/** The stops that this person may see: those that stand first, the newest of each first. */
export const listContainments = async (
  deps: ListDeps,
  operator: Operator,
): Promise<Result<readonly ListedContainment[], ContainmentRefusal>> => {
  const person = personIn(deps, operator);
  if (!person) return fail({ code: 'not_a_person' });
  const listed = (containment: Containment) => listedFor(deps, { person, operator }, containment);
  const seen = (await deps.containments.list()).filter((one) => maySee(deps, person, one));
  const sorted = seen.toSorted(
    (a, b) => Number(isStanding(b)) - Number(isStanding(a)) || b.placed.at - a.placed.at,
  );
  return ok(sorted.map(listed));
};

/** One of them, with what is within as it is now and not as the last pass left it. */
export const showContainment = async (
  deps: ShowDeps,
  operator: Operator,
  id: string,
): Promise<Result<ShownContainment, ContainmentRefusal>> => {
  const person = personIn(deps, operator);
  if (!person) return fail({ code: 'not_a_person' });
  const containment = await deps.containments.find(id);
  if (!containment || !maySee(deps, person, containment)) return fail({ code: 'not_found' });
  const listed = listedFor(deps, { person, operator }, containment);
  return ok({ ...listed, stillEnding: await stillEndingIn(deps, containment) });
};

const listedFor = (
  deps: RightsDeps,
  { person, operator }: { readonly person: Person; readonly operator: Operator },
  containment: Containment,
): ListedContainment => ({
  containment,
  mayLift:
    isStanding(containment) &&
    !hasPartIn(containment, operator.principal, deps.principals) &&
    mayLift(deps, person, containment),
});

const NOTHING: StillEnding = { count: 0, grants: [], runs: [] };

/** Once it is lifted, what lives there is not its matter any more. */
export const stillEndingIn = async (deps: FindWithinDeps, containment: Containment): Promise<StillEnding> => {
  if (!isStanding(containment)) return NOTHING;
  const { grants, runs } = await findWithin(deps, containment.scope, ['grant', 'run']);
  return {
    count: grants.length + runs.length,
    grants: grants
      .slice(0, STILL_ENDING_LISTED_MAX_COUNT)
      .map((grant) => ({ id: grant.id, ...(isOver(grant) ? endingOf(grant) : OPEN) })),
    runs: runs.slice(0, STILL_ENDING_LISTED_MAX_COUNT).map(({ id }) => id),
  };
};

const OPEN = { status: 'open', attempts: 0, lastError: undefined } as const;

const endingOf = ({ ending }: EndedGrant) =>
  ending.status === 'pending' || ending.status === 'quarantined'
    ? { status: ending.status, attempts: ending.attempts, lastError: ending.lastError }
    : OPEN;
