import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { ContainmentScope } from '../../../lambdas/core/containment/containment.ts';
import { EVERYTHING, SCOPE_KINDS } from '../../../lambdas/core/containment/containment.ts';
import {
  NOBODY_CONTAINED,
  registerOf,
  registerWith,
  registerWithout,
} from '../../../lambdas/core/containment/register.ts';
import { isContained } from '../../../lambdas/core/grant/use-grant.ts';
import { principalKey } from '../../../lambdas/core/identity/principal.ts';
import { PRINCIPAL, RESOURCE } from '../../support/facts.ts';

const TASK = 't_00000000000000000000';
const KEY = principalKey(PRINCIPAL);
const REACH = { principal: PRINCIPAL, task: TASK, resource: RESOURCE.id };

const scope: fc.Arbitrary<ContainmentScope> = fc
  .tuple(fc.constantFrom(...SCOPE_KINDS), fc.constantFrom(KEY, TASK, RESOURCE.id, 'another'))
  .map(([kind, key]) => (kind === 'everything' ? EVERYTHING : { kind, key }));

/** What a stop of this scope has to refuse, said otherwise. */
const isMeant = ({ kind, key }: ContainmentScope): boolean =>
  ({ everything: true, principal: key === KEY, task: key === TASK, resource: key === RESOURCE.id })[kind];

test('a register of one stop refuses exactly what the stop is of', () => {
  fc.assert(
    fc.property(scope, (one) => {
      assert.equal(isContained(registerOf(one), REACH), isMeant(one));
    }),
  );
});

test('whatever is placed and lifted in whatever order, the register refuses what some stop that stands is of', () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(scope, fc.nat(5)), { maxLength: 12 }), (steps) => {
      let register = NOBODY_CONTAINED;
      const standing: ContainmentScope[] = [];
      for (const [one, turn] of steps) {
        const lifted = turn < 2 ? standing.splice(turn, 1)[0] : undefined;
        if (lifted) register = registerWithout(register, lifted, standing);
        else {
          standing.push(one);
          register = registerWith(register, one);
        }
        assert.equal(isContained(register, REACH), standing.some(isMeant));
      }
    }),
  );
});

test('keys that are there already are there once, and those of others stay', () => {
  const other = { everything: false, principals: ['p'], tasks: ['t'], resources: ['r'] };
  for (const kind of ['principal', 'task', 'resource'] as const) {
    const once = registerWith(other, { kind, key: KEY });
    assert.deepEqual(registerWith(once, { kind, key: KEY }), once);
    assert.deepEqual(registerWithout(once, { kind, key: KEY }, []), other);
    assert.deepEqual(registerWithout(other, { kind, key: 'nobody' }, []), other);
  }
});

test('a stop reaches whoever stands behind the caller, and nobody who does not', () => {
  const bob = { issuer: PRINCIPAL.issuer, subject: 'bob' };
  const register = registerOf({ kind: 'principal', key: principalKey(bob) });
  assert.equal(isContained(register, REACH), false);
  assert.equal(isContained(register, { ...REACH, delegation: [bob] }), true);
  assert.equal(isContained(register, { ...REACH, delegation: [{ ...bob, issuer: 'https://o' }] }), false);
});
