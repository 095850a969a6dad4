import { type ContainDeps, contain } from '../app/contain.ts';
import { type LiftDeps, liftContainment } from '../app/lift-containment.ts';
import { type ListDeps, listContainments, type ShowDeps, showContainment } from '../app/list-containments.ts';
import { EVERYTHING } from '../core/containment/containment.ts';
import type { ContainmentRefusal } from '../core/containment/containment-refusal.ts';
import { CONTAINMENTS_MAX_COUNT } from '../core/containment/limits.ts';
import type { Failure, FailureCode } from '../core/failure.ts';
import { fail, ok } from '../core/result.ts';
import { containmentView } from './containment-view.ts';
import type { Handlers } from './operations.ts';

export type ContainmentOperation = 'contain' | 'listContainments' | 'readContainment' | 'liftContainment';

/** The console looks at one and the same things. */
export type ContainmentDeps = ContainDeps & LiftDeps & ListDeps & ShowDeps;

/** An operator's stops, for people with a token of their own. Ends nothing itself: the sweeper does. */
export const containmentHandlers = (deps: ContainmentDeps): Handlers<ContainmentOperation> => ({
  async contain({ caller, body }) {
    const { scope: kind, key, why } = body;
    const stop = kind === 'everything' ? EVERYTHING : { kind, key: key ?? '' };
    const contained = await contain(deps, caller, { stop, why });
    if (!contained.ok) return fail(failureOf(contained.failure));
    const { containment, receipt } = contained.value;
    return ok({
      status: receipt ? 201 : 200,
      body: containmentView(containment),
      headers: { Location: `/v1/containments/${containment.id}` },
      ...(receipt ? { receipt } : {}),
    });
  },
  async listContainments({ caller }) {
    const listed = await listContainments(deps, caller);
    if (!listed.ok) return fail(failureOf(listed.failure));
    const containments = listed.value.map(({ containment }) => containmentView(containment));
    return ok({ status: 200, body: { containments } });
  },
  async readContainment({ caller, path }) {
    const shown = await showContainment(deps, caller, path.id);
    if (!shown.ok) return fail(failureOf(shown.failure));
    const { containment, stillEnding } = shown.value;
    return ok({ status: 200, body: containmentView(containment, stillEnding) });
  },
  async liftContainment({ caller, path, body }) {
    const lifted = await liftContainment(deps, caller, { containmentId: path.id, why: body.why });
    if (!lifted.ok) return fail(failureOf(lifted.failure));
    const { containment, receipt } = lifted.value;
    return ok({ status: 200, body: containmentView(containment), receipt });
  },
});

const failureOf = ({ code }: ContainmentRefusal): Failure =>
  code === 'too_many'
    ? { code: 'too_many_containments', max: CONTAINMENTS_MAX_COUNT }
    : { code: CODES[code] };

/** Those of the last rows cannot come by this way: the form asks for a reason of some length, and a token is no session. */
const CODES = {
  not_found: 'not_found',
  not_known: 'scope_unknown',
  over: 'containment_over',
  own_containment: 'own_containment',
  not_allowed: 'not_allowed',
  not_a_person: 'not_a_person',
  contained: 'contained',
  sign_in_again: 'not_allowed',
  reason_missing: 'not_allowed',
  too_long: 'not_allowed',
} as const satisfies Record<Exclude<ContainmentRefusal['code'], 'too_many'>, FailureCode>;
