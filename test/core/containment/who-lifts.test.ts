import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Containment } from '../../../lambdas/core/containment/containment.ts';
import { EVERYTHING } from '../../../lambdas/core/containment/containment.ts';
import { placeContainment } from '../../../lambdas/core/containment/containment-life.ts';
import { answersFor, hasPartIn } from '../../../lambdas/core/containment/who-lifts.ts';
import { principalKey } from '../../../lambdas/core/identity/principal.ts';
import { ENTRY, NOW, PRINCIPAL } from '../../support/facts.ts';

const person = (subject: string, delegation: readonly { issuer: string; subject: string }[] = []) => ({
  issuer: PRINCIPAL.issuer,
  subject,
  delegation,
});
const DORA = person('dora');
const EVE = person('eve');
const ALICE = person('alice');

const placed = (change: Partial<Pick<Containment, 'scope' | 'holders'>> = {}): Containment =>
  placeContainment(
    { id: 's_00000000000000000000', scope: EVERYTHING, holders: [], ...change },
    { by: { ...DORA, name: 'dora' }, why: 'why', at: NOW },
  ).next;

const OF_AGENT = {
  scope: { kind: 'principal', key: principalKey(PRINCIPAL) },
  holders: [PRINCIPAL],
} as const;

test('whoever placed it is no second person, under any name, behind anybody', () => {
  assert.equal(hasPartIn(placed(), DORA, []), true);
  assert.equal(hasPartIn(placed(), { ...DORA, issuer: 'https://other.example.com' }, []), false);
  assert.equal(hasPartIn(placed(), EVE, []), false);
  assert.equal(hasPartIn(placed(), person('eve', [EVE, DORA]), []), true);
});

test('nor is whom it is about, nor who answers for them, then or now', () => {
  const ofAgent = placed(OF_AGENT);
  assert.equal(hasPartIn(ofAgent, EVE, [ENTRY]), false);
  assert.equal(hasPartIn(ofAgent, ALICE, []), true, 'as it was known then');
  const owned = { ...ENTRY, owners: [{ ...EVE, name: 'Eve' }] };
  assert.equal(hasPartIn(ofAgent, EVE, [owned]), true, 'by the file of now');
  const ofEve = placed({ scope: { kind: 'principal', key: principalKey(EVE) } });
  assert.equal(hasPartIn(ofEve, EVE, []), true, 'by key alone');
  assert.equal(hasPartIn(ofEve, person('zoe', [EVE]), []), true);
});

test('only who answers for each that it reaches may always stop it', () => {
  const other = { ...PRINCIPAL, name: 'other', owners: [] };
  assert.equal(answersFor(OF_AGENT, ALICE, []), true);
  assert.equal(answersFor(OF_AGENT, EVE, []), false);
  assert.equal(answersFor({ ...OF_AGENT, holders: [PRINCIPAL, other] }, ALICE, []), false);
  assert.equal(answersFor({ ...OF_AGENT, holders: [] }, ALICE, []), false);
  assert.equal(answersFor({ scope: EVERYTHING, holders: [] }, ALICE, []), false);
});
