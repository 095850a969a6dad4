import { receiptOf } from '../core/audit/chain.ts';
import type { Receipt } from '../core/audit/entry.ts';
import type { Containment, Word } from '../core/containment/containment.ts';
import { isStanding } from '../core/containment/containment.ts';
import { liftContainment as lifted } from '../core/containment/containment-life.ts';
import type { ContainmentRefusal } from '../core/containment/containment-refusal.ts';
import { registerWithout } from '../core/containment/register.ts';
import { hasPartIn } from '../core/containment/who-lifts.ts';
import { isPrincipalContained } from '../core/grant/use-grant.ts';
import { fail, ok, type Result } from '../core/result.ts';
import { decideUntilCommitted } from './attempts.ts';
import { callerContext } from './caller.ts';
import { mayLift, maySee, type Operator, type RightsDeps, wordOf } from './containment-rights.ts';
import type { Alarm, Backoff } from './ports.ts';
import type { Containments } from './ports-of-containment.ts';
import { recordContainment } from './record-containment.ts';
import { recordRefusedDecision, type TrailDeps } from './record-refusal.ts';

export interface LiftDeps extends RightsDeps, TrailDeps {
  readonly containments: Pick<Containments, 'read' | 'commit'>;
  readonly backoff: Backoff;
  readonly alarm: Alarm;
}

export interface LiftAsk {
  readonly containmentId: string;
  readonly why: string;
}

export interface LiftAnswer {
  readonly containment: Containment;
  readonly receipt: Receipt;
}

type Lifted = Result<LiftAnswer, ContainmentRefusal>;

/**
 * A second person lets go on what somebody has stopped. What was ended stays ended: only what is asked for anew is given
 * again, and only if no other stop is in its way.
 */
export const liftContainment = async (deps: LiftDeps, operator: Operator, ask: LiftAsk): Promise<Lifted> => {
  const answer = await decideUntilCommitted(() => attempt(deps, operator, ask), deps.backoff);
  if (!answer.ok)
    await recordRefusedDecision(deps, operator, {
      code: answer.failure.code,
      decision: 'lift',
      about: ask.containmentId,
    });
  return answer;
};

const attempt = async (
  deps: LiftDeps,
  operator: Operator,
  { containmentId, why }: LiftAsk,
): Promise<Lifted | 'lost'> => {
  const word = wordOf(deps, operator, { why, at: deps.clock() });
  if (!word.ok) return word;
  const person = word.value;
  const { head, stored, containments } = await deps.containments.read();
  // Only now: what stands in the chain was written before it was read, however long that took.
  const at = deps.clock();
  if (isPrincipalContained(stored.register, person)) return fail({ code: 'contained' });
  const containment = containments.find(({ id }) => id === containmentId);
  if (!containment || !maySee(deps, person, containment)) return fail({ code: 'not_found' });
  if (!isStanding(containment)) return fail({ code: 'over' });
  if (hasPartIn(containment, operator.principal, deps.principals)) return fail({ code: 'own_containment' });
  if (!mayLift(deps, person, containment)) return fail({ code: 'not_allowed' });
  const { issuer, subject, name } = person;
  const said: Word = { by: { issuer, subject, name }, why, at };
  const context = callerContext(operator, deps.software);
  const { state, entry } = recordContainment(lifted(containment, said), head, { context, at });
  const others = containments.filter((one) => isStanding(one) && one.id !== containmentId);
  const scopes = others.map(({ scope }) => scope);
  const next = registerWithout(stored.register, containment.scope, scopes);
  const register = { was: stored, next };
  const outcome = await deps.containments.commit({ containment: state, entry, register });
  return outcome === 'lost' ? 'lost' : ok({ containment: state, receipt: receiptOf(entry) });
};
