import type { ResourceKind } from '../../lambdas/core/config/resource.ts';
import type { ContainmentScope } from '../../lambdas/core/containment/containment.ts';
import { isStanding } from '../../lambdas/core/containment/containment.ts';
import { principalKey } from '../../lambdas/core/identity/principal.ts';
import { PRINCIPAL } from '../support/facts.ts';
import { KINDS } from '../support/kinds.ts';
import type { Look } from './world.ts';

/** Everything here is asked for by one caller. */
export const OF_CALLER: ContainmentScope = { kind: 'principal', key: principalKey(PRINCIPAL) };

export const ofKind = (kind: ResourceKind): ContainmentScope => ({
  kind: 'resource',
  key: KINDS[kind].resource.id,
});

export interface Reached {
  readonly task: string;
  /** Undefined: a task itself, which a stop of a resource does not end. */
  readonly kind: ResourceKind | undefined;
}

export const isWithin = (scope: ContainmentScope, { task, kind }: Reached): boolean => {
  if (scope.kind === 'resource') return kind !== undefined && scope.key === KINDS[kind].resource.id;
  return scope.kind === 'task' ? scope.key === task : true;
};

/** Whether some stop stands in its way. */
export const isStopped = ({ containments }: Pick<Look, 'containments'>, reached: Reached): boolean =>
  [...containments.values()].some((one) => isStanding(one) && isWithin(one.scope, reached));
