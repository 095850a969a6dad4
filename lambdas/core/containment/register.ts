import type { ContainmentRegister } from '../grant/use-grant.ts';
import type { ContainmentScope } from './containment.ts';
import { isSameScope } from './containment.ts';

export const NOBODY_CONTAINED: ContainmentRegister = {
  everything: false,
  principals: [],
  tasks: [],
  resources: [],
};

/** What uses read, with one more scope in it. What somebody wrote into it by hand stays. */
export const registerWith = (register: ContainmentRegister, scope: ContainmentScope): ContainmentRegister => {
  const { everything, principals, tasks, resources } = register;
  const also = (keys: readonly string[], kind: ContainmentScope['kind']): readonly string[] =>
    scope.kind === kind && !keys.includes(scope.key) ? [...keys, scope.key] : keys;
  return {
    everything: everything || scope.kind === 'everything',
    principals: also(principals, 'principal'),
    tasks: also(tasks, 'task'),
    resources: also(resources, 'resource'),
  };
};

/** And with one less, unless another stop of the same scope stands: each is lifted by itself. */
export const registerWithout = (
  register: ContainmentRegister,
  scope: ContainmentScope,
  standing: readonly ContainmentScope[],
): ContainmentRegister => {
  if (standing.some((other) => isSameScope(other, scope))) return register;
  const { everything, principals, tasks, resources } = register;
  const but = (keys: readonly string[], kind: ContainmentScope['kind']): readonly string[] =>
    scope.kind === kind ? keys.filter((key) => key !== scope.key) : keys;
  return {
    everything: scope.kind === 'everything' ? false : everything,
    principals: but(principals, 'principal'),
    tasks: but(tasks, 'task'),
    resources: but(resources, 'resource'),
  };
};

/** A register of this one stop, so that what is within it is found by the same question that refuses it. */
export const registerOf = (scope: ContainmentScope): ContainmentRegister =>
  registerWith(NOBODY_CONTAINED, scope);
