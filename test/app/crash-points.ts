import assert from 'node:assert/strict';
import { test } from 'node:test';
import { activateGrant } from '../../lambdas/app/activate-grant.ts';
import { endAccess } from '../../lambdas/app/end-access.ts';
import { endTask } from '../../lambdas/app/end-task.ts';
import { reconcileTarget } from '../../lambdas/app/reconcile-target.ts';
import { releaseGrant } from '../../lambdas/app/release-grant.ts';
import { requestAccess } from '../../lambdas/app/request-access.ts';
import { storeWait } from '../../lambdas/app/store-wait.ts';
import { sweep } from '../../lambdas/app/sweep.ts';
import { fingerprintOf, vendCredential } from '../../lambdas/app/vend-credential.ts';
import { verifyChain } from '../../lambdas/core/audit/verify-chain.ts';
import type { ResourceKind } from '../../lambdas/core/config/resource.ts';
import type { Grant } from '../../lambdas/core/grant/grant.ts';
import { type App, REQUEST } from '../support/app.ts';
import { CALLER, NOW } from '../support/facts.ts';
import { Killed, killAt, killAtEveryPoint } from '../support/kill-at.ts';
import { broughtFor, KIND_NAMES, KINDS, requestFor } from '../support/kinds.ts';

/** One life, to be played by a process that dies somewhere in it. */
interface Life {
  readonly app: App;
  /** Those of the process. Whatever uses `app.deps` happens beside it. */
  readonly deps: App['deps'];
  readonly kind: ResourceKind;
  readonly task: string;
  /** Ids of credentials that were handed out. */
  readonly released: string[];
}

type Play = (life: Life) => Promise<void>;

const newActive = ({ app, task, kind }: Life) => app.newActive(task, requestFor(kind));

const vend = ({ kind }: Life, deps: App['deps'], grantId: string) =>
  vendCredential(deps, CALLER, { grantId, ...broughtFor(kind, grantId) });

/** Somebody who waits for a proof of death that does not come gives up in the end. */
const impatient = ({ app, deps }: Life) => ({
  ...deps,
  sleep: async () => {
    app.time.now += 20_000;
  },
});

/** Where something is asked of a target or of an issuer, so for every kind. */
const OF_EACH_KIND: Readonly<Record<string, Play>> = {
  activation: async ({ app, deps, task, kind }) => {
    const { id } = await app.newGrant(task, requestFor(kind));
    await activateGrant(deps, id, app.context);
  },
  vend: async (life) => {
    const id = await newActive(life);
    const vended = await vend(life, life.deps, id);
    assert.ok(vended.ok);
    life.released.push(vended.value.credential.id);
  },
  end: async (life) => {
    const id = await newActive(life);
    const vended = await vend(life, life.app.deps, id);
    assert.ok(vended.ok);
    life.released.push(vended.value.credential.id);
    assert.ok(life.app.places[life.kind].use(vended.value.credential.id), 'a credential opens nothing');
    await endAccess(life.deps, id, life.app.context);
  },
};

/** Where nothing is. */
const OF_ANY_KIND: Readonly<Record<string, Play>> = {
  request: async ({ deps, task, kind }) => {
    const request = { ...REQUEST, ...requestFor(kind), task };
    await requestAccess(deps, CALLER, { request, idempotencyKey: 'key' });
  },
  wait: async (life) => {
    await storeWait(life.deps, { grantId: await newActive(life), taskToken: 'token' });
  },
  release: async (life) => {
    await releaseGrant(impatient(life), CALLER, await newActive(life));
  },
  'end of a task': async (life) => {
    await newActive(life);
    await newActive(life);
    await endTask(impatient(life), CALLER, life.task);
  },
};

/** Kills each step of a life of a grant at one of so many of its calls, from the first on. */
export const killedInLives = (oneOf: number): void => {
  for (const [name, play] of Object.entries(OF_ANY_KIND)) killedIn({ name, play, kind: 'postgres', oneOf });
  for (const kind of KIND_NAMES)
    for (const [name, play] of Object.entries(OF_EACH_KIND)) killedIn({ name, play, kind, oneOf });
};

interface Killing {
  readonly name: string;
  readonly play: Play;
  readonly kind: ResourceKind;
  readonly oneOf: number;
}

const killedIn = ({ name, play, kind, oneOf }: Killing): void => {
  test(`killed before or after any call of ${name} (${kind}), everything is dead and recorded in the end`, async () => {
    const points = await killAtEveryPoint((app, point) => playAndRecover(app, { play, kind, point }), oneOf);
    assert.ok(points + oneOf > 4, `only ${points} points were generated`);
  });
};

const playAndRecover = async (
  app: App,
  { play, kind, point }: Pick<Killing, 'play' | 'kind'> & { point: number },
) => {
  app.deps.resources = [KINDS[kind].resource];
  const { deps, wasReached } = killedDeps(app, { kind, point });
  const life: Life = { app, deps, kind, task: await app.newTask(), released: [] };
  await play(life).catch((error: unknown) => {
    if (!(error instanceof Killed)) throw error;
  });
  if (!wasReached()) return { wasReached: false };
  await assertNotForgotten(life, point);
  await recover(life);
  await assertSettled(life, point);
  return { wasReached: true };
};

const killedDeps = (app: App, { kind, point }: { kind: ResourceKind; point: number }) => {
  const { wrap, wasReached } = killAt(point);
  const { store, workflow, targets, issuers } = app.deps;
  const { readChain: _, ...calls } = store;
  const deps = {
    ...app.deps,
    store: { ...wrap(calls), readChain: store.readChain },
    workflow: wrap(workflow),
    targets: { ...targets, [kind]: wrap(targets[kind]) },
    issuers: { ...issuers, [kind]: wrap(issuers[kind]) },
  };
  return { deps, wasReached };
};

const grantsOf = async ({ app, task }: Life): Promise<readonly Grant[]> => {
  const ids = await app.deps.store.grantsOfTask(task);
  const grants = await Promise.all(ids.map((id) => app.deps.store.readGrant(id)));
  return grants.filter((grant) => grant !== undefined);
};

/** From the instant of the crash on: what is open at the target is on somebody's list. */
const assertNotForgotten = async (life: Life, point: number): Promise<void> => {
  const { app, kind, released } = life;
  const due = await app.deps.store.due(Number.MAX_SAFE_INTEGER);
  const { made, usable } = app.places[kind];
  for (const grantId of [...made, ...usable(released).map((one) => one.grantId)])
    assert.ok(
      due.some(({ id }) => id === grantId),
      `point ${point}: ${grantId} is open and nobody will look`,
    );
};

/** What goes on although nobody comes back: the schedule, long enough for every window and lease to be over. */
const recover = async ({ app, kind }: Life): Promise<void> => {
  app.deps.workflow.start = async ({ id }) => void (await activateGrant(app.deps, id, app.context));
  for (let minute = 0; minute < 4; minute += 1) {
    app.time.now = Math.max(app.time.now, NOW) + 13 * 3_600_000;
    await sweep(app.deps, app.context);
  }
  await reconcileTarget(app.deps, KINDS[kind].resource, app.context);
};

const assertSettled = async (life: Life, point: number): Promise<void> => {
  const { app, kind, released } = life;
  const place = app.places[kind];
  assert.deepEqual([...place.made], [], `point ${point}: something was forgotten`);
  assert.deepEqual(place.usable([...place.credentials.keys()]), [], `point ${point}: somebody gets in`);
  const due = await app.deps.store.due(Number.MAX_SAFE_INTEGER);
  assert.deepEqual(due, [], `point ${point}: something is still due`);
  const issued: string[] = [];
  for (const grant of await grantsOf(life)) {
    assert.ok('ending' in grant, `point ${point}: ${grant.state}`);
    assert.ok(grant.ending.status === 'none' || grant.ending.status === 'dead');
    const entries = await Array.fromAsync(app.deps.store.readChain(grant.id));
    assert.deepEqual(verifyChain(grant.id, entries, { head: grant.head, receipts: [] }), []);
    for (const { event } of entries) if (event.type === 'credential.issued') issued.push(event.fingerprint);
  }
  for (const id of released) {
    const fingerprint = fingerprintOf(place.credentials.get(id)?.secret ?? '');
    assert.ok(issued.includes(fingerprint), `point ${point}: released unaudited`);
  }
};
