import assert from 'node:assert/strict';
import { type ContainAnswer, contain } from '../../lambdas/app/contain.ts';
import type { Operator } from '../../lambdas/app/containment-rights.ts';
import { endAccess } from '../../lambdas/app/end-access.ts';
import { liftContainment } from '../../lambdas/app/lift-containment.ts';
import { type StillEnding, showContainment } from '../../lambdas/app/list-containments.ts';
import { sweep } from '../../lambdas/app/sweep.ts';
import { sweepContainment } from '../../lambdas/app/sweep-containment.ts';
import type { AuditEntry } from '../../lambdas/core/audit/entry.ts';
import { CONTAINMENT_CHAIN } from '../../lambdas/core/audit/system-chain.ts';
import { verifyChain } from '../../lambdas/core/audit/verify-chain.ts';
import type { Containment, ContainmentScope } from '../../lambdas/core/containment/containment.ts';
import { EVERYTHING } from '../../lambdas/core/containment/containment.ts';
import { CONTAINMENT_QUIET_SECONDS } from '../../lambdas/core/containment/limits.ts';
import { principalKey } from '../../lambdas/core/identity/principal.ts';
import { SECOND_MS, SWEEP_INTERVAL_SECONDS } from '../../lambdas/core/limits.ts';
import type { App } from './app.ts';
import { PRINCIPAL, RESOURCE } from './facts.ts';
import { DORA, EVE } from './votes.ts';

export { EVERYTHING };
export const OF_PRINCIPAL: ContainmentScope = { kind: 'principal', key: principalKey(PRINCIPAL) };
export const OF_RESOURCE: ContainmentScope = { kind: 'resource', key: RESOURCE.id };
export const ofTask = (id: string): ContainmentScope => ({ kind: 'task', key: id });

/** Each way to be reached by a stop, for this caller's task. */
export const scopesOver = (task: string): readonly ContainmentScope[] => [
  EVERYTHING,
  OF_PRINCIPAL,
  OF_RESOURCE,
  ofTask(task),
];

/** At the console just now, or with a token, which knows of no sign-in. */
const today = (app: Pick<App, 'time'>, by: Operator): Operator =>
  'authenticatedAt' in by && (by === DORA || by === EVE) ? { ...by, authenticatedAt: app.time.now } : by;

export const tryToContain = (app: App, stop: ContainmentScope, by: Operator = DORA, why = 'it misbehaves') =>
  contain(app.deps, today(app, by), { stop, why });

export const contained = async (
  app: App,
  stop: ContainmentScope,
  by: Operator = DORA,
): Promise<Containment> => (await answered(app, stop, by)).containment;

export const answered = async (
  app: App,
  stop: ContainmentScope,
  by: Operator = DORA,
): Promise<ContainAnswer> => {
  const answer = await tryToContain(app, stop, by);
  assert.ok(answer.ok, answer.ok ? '' : answer.failure.code);
  return answer.value;
};

export const tryToLift = (app: App, containmentId: string, by: Operator = EVE, why = 'it is mended') =>
  liftContainment(app.deps, today(app, by), { containmentId, why });

export const liftAll = async (app: App): Promise<void> => {
  for (const { id, state, placed } of await app.deps.containments.list())
    if (state !== 'lifted') {
      const lifted = await tryToLift(app, id, placed.by.subject === EVE.principal.subject ? DORA : EVE);
      assert.ok(lifted.ok, lifted.ok ? '' : lifted.failure.code);
    }
};

export const pass = (app: App, id: string): Promise<Containment | undefined> =>
  sweepContainment(app.deps, id, app.context);

export const stateOf = async (app: App, id: string): Promise<Containment> => {
  const containment = await app.deps.containments.find(id);
  assert.ok(containment, 'no containment');
  return containment;
};

export const stillEnding = async (app: App, id: string, by: Operator = DORA): Promise<StillEnding> => {
  const shown = await showContainment(app.deps, by, id);
  assert.ok(shown.ok, shown.ok ? '' : shown.failure.code);
  return shown.value.stillEnding;
};

/** A workflow that is signalled ends access, as the machine would; its token is the grant's id. */
export const signalled = (app: App): void => {
  app.deps.workflow.endWait = async (token: string) => {
    app.calls.push(`endWait ${token}`);
    if (token.startsWith('g_')) await endAccess(app.deps, token, app.context);
  };
};

/** The schedule, minute by minute, until the last vend has had its time and two passes after it. */
export const minutes = async (app: App, count: number): Promise<void> => {
  for (let minute = 0; minute < count; minute += 1) {
    app.time.now += SWEEP_INTERVAL_SECONDS * SECOND_MS;
    await sweep(app.deps, app.context);
  }
};

export const quiet = (app: App): void => {
  app.time.now += CONTAINMENT_QUIET_SECONDS * SECOND_MS;
};

/** Everything in the chain of stops, which must hold together and end at its head. */
export const storyOf = async (app: App): Promise<readonly AuditEntry[]> => {
  const entries = await Array.fromAsync(app.deps.store.readChain(CONTAINMENT_CHAIN));
  const { head } = await app.deps.store.readSystemHead(CONTAINMENT_CHAIN);
  assert.deepEqual(verifyChain(CONTAINMENT_CHAIN, entries, { head, receipts: [] }), []);
  return entries;
};
