import type { PolicyJson } from '@cedar-policy/cedar-wasm/nodejs';
import type { PolicySource } from '../config/compiled.ts';
import type { ResourceAction } from '../config/resource.ts';
import { parsePolicy } from './parse-policy.ts';

/** What a guard rail keeps everybody from until people agree: one action in one environment, or its unbounded runs alone. */
export interface Guarded {
  readonly action: ResourceAction;
  readonly environment: string;
  readonly only?: 'unbounded';
}

/**
 * Whether a policy forbids this to everybody until a person approves, by its form alone, so that it holds for every
 * request and not only for those that somebody thought of: nobody and nothing is left out of its head, and nothing but
 * `context.approvals` can lift it. Stricter forms count too; what a caller is, asks for or says in a statement never does.
 */
export const isRail = ({ text }: PolicySource, guarded: Guarded): boolean => {
  const { effect, principal, action, resource, conditions } = parsePolicy(text);
  return (
    effect === 'forbid' &&
    principal.op === 'All' &&
    coversAction(action, guarded.action) &&
    coversEnvironment(resource, guarded.environment) &&
    conditions.every(({ kind, body }) =>
      kind === 'unless' ? needsPeople(body) : guarded.only === 'unbounded' && isUnbounded(body),
    )
  );
};

const coversAction = (scope: PolicyJson['action'], action: ResourceAction): boolean => {
  if (scope.op === 'All') return true;
  if ('entity' in scope) return isEntity(scope.entity, action);
  return 'entities' in scope && scope.entities.some((entity) => isEntity(entity, action));
};

const coversEnvironment = (scope: PolicyJson['resource'], environment: string): boolean =>
  scope.op === 'All' || (scope.op === 'in' && 'entity' in scope && isEntity(scope.entity, environment));

/** Its type is known from where it stands: Cedar's validator has passed the policy. */
const isEntity = (entity: object, id: string): boolean => 'id' in entity && entity.id === id;

/** Whether a condition can be true only when somebody has approved. */
const needsPeople = (node: unknown): boolean => {
  const { '>=': atLeast, '&&': both, '||': either } = operandsOf(node);
  if (atLeast !== undefined) {
    const { left, right } = operandsOf(atLeast);
    const { Value: least } = operandsOf(right);
    return same(left, APPROVALS) && typeof least === 'number' && least >= 1;
  }
  const { left, right } = operandsOf(both ?? either);
  if (both !== undefined) return needsPeople(left) || needsPeople(right);
  return either !== undefined && needsPeople(left) && needsPeople(right);
};

const operandsOf = (node: unknown): Readonly<Record<string, unknown>> =>
  typeof node === 'object' && node !== null ? { ...node } : {};

const APPROVALS = { '.': { left: { Var: 'context' }, attr: 'approvals' } };

const isUnbounded = (body: unknown): boolean =>
  parsePolicy(UNBOUNDED).conditions.some((condition) => same(condition.body, body));

const UNBOUNDED = 'forbid (principal, action, resource) when { context has run && !context.run.bounded };';

/** Cedar writes the members of a node in one order. */
const same = (one: unknown, other: unknown): boolean => JSON.stringify(one) === JSON.stringify(other);
