import type { Person } from '../core/approval/approval.ts';
import { receiptOf } from '../core/audit/chain.ts';
import type { Receipt } from '../core/audit/entry.ts';
import type { Containment, Word } from '../core/containment/containment.ts';
import { isSameScope, isStanding } from '../core/containment/containment.ts';
import { placeContainment } from '../core/containment/containment-life.ts';
import type { ContainmentRefusal } from '../core/containment/containment-refusal.ts';
import { CONTAINMENTS_MAX_COUNT } from '../core/containment/limits.ts';
import { registerWith } from '../core/containment/register.ts';
import { containmentId, ID_RANDOM_BYTES } from '../core/grant/ids.ts';
import { isPrincipalContained } from '../core/grant/use-grant.ts';
import { isSamePrincipal } from '../core/identity/principal.ts';
import { fail, ok, type Result } from '../core/result.ts';
import { decideUntilCommitted } from './attempts.ts';
import { callerContext } from './caller.ts';
import { mayContain, type Operator, type RightsDeps, type Stop, wordOf } from './containment-rights.ts';
import { type FindStopDeps, findStop, type StopAsk } from './find-stop.ts';
import type { Alarm, Backoff, Log, RandomBytes } from './ports.ts';
import type { Containments, ContainmentsRead, FirstPass } from './ports-of-containment.ts';
import { recordContainment } from './record-containment.ts';
import { recordRefusedDecision, type TrailDeps } from './record-refusal.ts';

export interface ContainDeps extends RightsDeps, FindStopDeps, Omit<TrailDeps, 'store'> {
  readonly store: FindStopDeps['store'] & TrailDeps['store'];
  readonly containments: Pick<Containments, 'read' | 'commit'>;
  readonly firstPass: FirstPass;
  readonly random: RandomBytes;
  readonly backoff: Backoff;
  readonly alarm: Alarm;
  readonly log: Log;
}

export interface ContainAsk {
  readonly stop: StopAsk;
  readonly why: string;
}

export interface ContainAnswer {
  readonly containment: Containment;
  /** Absent where the same person had placed it before: nothing was written. */
  readonly receipt: Receipt | undefined;
}

type Contained = Result<ContainAnswer, ContainmentRefusal>;

/**
 * Stops what is named: one write with its entry, and every use within is refused from the next read on. What lives within
 * is ended after that, by the sweeper, at once and then each minute.
 */
export const contain = async (deps: ContainDeps, operator: Operator, ask: ContainAsk): Promise<Contained> => {
  const contained = await attempt(deps, operator, ask);
  if (!contained.ok) {
    const about = `${ask.stop.kind} ${ask.stop.key}`;
    await recordRefusedDecision(deps, operator, { code: contained.failure.code, decision: 'contain', about });
    return contained;
  }
  const { containment, receipt } = contained.value;
  if (receipt) deps.alarm('ContainmentPlaced');
  // Also when it stood already: the first pass may have been lost together with whoever was to begin it.
  await deps.firstPass
    .begin(containment.id)
    .catch(() => deps.log('warn', 'first pass not begun', { containment: containment.id }));
  return contained;
};

const attempt = async (
  deps: ContainDeps,
  operator: Operator,
  { stop: asked, why }: ContainAsk,
): Promise<Contained> => {
  const at = deps.clock();
  const person = wordOf(deps, operator, { why, at });
  if (!person.ok) return person;
  const stop = await findStop(deps, asked);
  if (!stop) return fail({ code: mayHear(deps, person.value, asked) ? 'not_known' : 'not_allowed' });
  if (!mayContain(deps, person.value, stop)) return fail({ code: 'not_allowed' });
  const { issuer, subject, name } = person.value;
  const placed: Word = { by: { issuer, subject, name }, why, at };
  return decideUntilCommitted(() => place(deps, operator, { stop, placed }), deps.backoff);
};

/** Who could stop nothing of the kind is not told what there is. */
const mayHear = (deps: ContainDeps, person: Person, asked: StopAsk): boolean => {
  const likely =
    asked.kind === 'resource' ? deps.resources.map(({ id }) => ({ ...asked, key: id })) : [asked];
  return likely.some((scope) => mayContain(deps, person, { scope, holders: [] }));
};

const place = async (
  deps: ContainDeps,
  operator: Operator,
  { stop, placed }: { readonly stop: Stop; readonly placed: Word },
): Promise<Contained | 'lost'> => {
  const read = await deps.containments.read();
  if (isPrincipalContained(read.stored.register, placed.by)) return fail({ code: 'contained' });
  const again = standingOf(read, { stop, placed });
  if (again) return ok({ containment: again, receipt: undefined });
  const isMore = stop.scope.kind !== 'everything';
  if (isMore && read.containments.filter(isStanding).length >= CONTAINMENTS_MAX_COUNT)
    return fail({ code: 'too_many' });
  const id = containmentId(deps.random(ID_RANDOM_BYTES));
  const at = deps.clock();
  const change = placeContainment({ id, ...stop }, { ...placed, at });
  const context = callerContext(operator, deps.software);
  const { state, entry } = recordContainment(change, read.head, { context, at });
  const next = registerWith(read.stored.register, stop.scope);
  const register = { was: read.stored, next };
  const outcome = await deps.containments.commit({ containment: state, entry, register });
  return outcome === 'lost' ? 'lost' : ok({ containment: state, receipt: receiptOf(entry) });
};

/** A call that is repeated because its answer was lost is the same stop. Another person's is one of its own. */
const standingOf = (
  { containments }: ContainmentsRead,
  { stop, placed }: { readonly stop: Stop; readonly placed: Word },
): Containment | undefined =>
  containments.find(
    (one) =>
      isStanding(one) && isSameScope(one.scope, stop.scope) && isSamePrincipal(one.placed.by, placed.by),
  );
