import assert from 'node:assert/strict';
import { test } from 'node:test';
import { newSshKeyPair } from '../../examples/targets/ssh-key-pair.ts';
import { activateGrant } from '../../lambdas/app/activate-grant.ts';
import { endAccess } from '../../lambdas/app/end-access.ts';
import { requestAccess } from '../../lambdas/app/request-access.ts';
import { sweep } from '../../lambdas/app/sweep.ts';
import { vendCredential } from '../../lambdas/app/vend-credential.ts';
import { verifyChain } from '../../lambdas/core/audit/verify-chain.ts';
import type { App } from '../support/app.ts';
import { CALLER, NOW } from '../support/facts.ts';
import { Killed, killAt, killAtEveryPoint } from '../support/kill-at.ts';
import { rememberedMachine, SSH_REQUEST, sshDeps } from '../support/ssh-app.ts';

/** One process of a life, with every call that leaves it, the machine's own among them. */
const scene = (app: App, point: number) => {
  const { wrap, wasReached } = killAt(point);
  const machine = rememberedMachine(() => app.time.now);
  const deps = sshDeps(app, machine);
  const { readChain: _, ...calls } = deps.store;
  const { issue } = machine.issuer;
  const killed = {
    ...deps,
    store: { ...wrap(calls), readChain: deps.store.readChain },
    workflow: wrap(deps.workflow),
    targets: { ssh: wrap(machine.target) },
    issuers: {
      ssh: {
        issue: async (ask: Parameters<typeof issue>[0]) => {
          const issued = await issue(ask);
          if (!issued.ok) return issued;
          const { release } = wrap({ release: issued.value.release ?? (async () => undefined) });
          return { ok: true as const, value: { ...issued.value, release } };
        },
      },
    },
  };
  return { machine, deps, killed, wasReached };
};

type Scene = ReturnType<typeof scene>;

const newGrant = async (app: App, { deps }: Scene): Promise<string> => {
  const request = { ...SSH_REQUEST, task: await app.newTask() };
  const asked = await requestAccess(deps, CALLER, { request, idempotencyKey: undefined });
  assert.ok(asked.ok);
  return asked.value.grant.id;
};

const newActive = async (app: App, played: Scene): Promise<string> => {
  const id = await newGrant(app, played);
  await activateGrant(played.deps, id, app.context);
  return id;
};

const vend = (deps: Scene['deps'] | Scene['killed'], grantId: string) =>
  vendCredential(deps, CALLER, { grantId, publicKey: newSshKeyPair().publicKey });

type Prepare = (app: App, played: Scene) => Promise<{ id: string; play: () => Promise<unknown> }>;

/** Each part of a life by the function that plays it, until the process dies. Answers the grant. */
const SCENARIOS: Readonly<Record<string, Prepare>> = {
  activation: async (app, played) => {
    const id = await newGrant(app, played);
    return { id, play: () => activateGrant(played.killed, id, app.context) };
  },
  vend: async (app, played) => {
    const id = await newActive(app, played);
    return { id, play: () => vend(played.killed, id) };
  },
  end: async (app, played) => {
    const id = await newActive(app, played);
    await vend(played.deps, id);
    await vend(played.deps, id);
    return { id, play: () => endAccess(played.killed, id, app.context) };
  },
};

/** Kills each step of a life at one of so many of its calls, from the first on. */
export const killedInSshLives = (oneOf: number): void => {
  for (const [name, prepare] of Object.entries(SCENARIOS)) {
    test(`killed before or after any call of ${name}, no key lets anybody in in the end`, async () => {
      const points = await killAtEveryPoint((app, point) => playAndRecover(app, prepare, point), oneOf);
      assert.ok(points + oneOf > 4, `only ${points} points were generated`);
    });
  }
};

const playAndRecover = async (app: App, prepare: Prepare, point: number) => {
  const played = scene(app, point);
  const { id, play } = await prepare(app, played);
  await play().catch((error: unknown) => {
    if (!(error instanceof Killed)) throw error;
  });
  if (!played.wasReached()) return { wasReached: false };
  await recover(app, played.deps);
  await assertSettled(played, id, point);
  return { wasReached: true };
};

/** What goes on although nobody comes back: the schedule, long enough for every window to be over. */
const recover = async (app: App, deps: Scene['deps']): Promise<void> => {
  const workflow = {
    ...deps.workflow,
    start: async ({ id }: { id: string }) => void (await activateGrant(deps, id, app.context)),
  };
  for (let minute = 0; minute < 4; minute += 1) {
    app.time.now = Math.max(app.time.now, NOW) + 13 * 3_600_000;
    await sweep({ ...deps, workflow }, app.context);
  }
};

const assertSettled = async ({ machine, deps }: Scene, id: string, point: number): Promise<void> => {
  assert.deepEqual(machine.letsIn(), [], `point ${point}: a key was forgotten`);
  const grant = await deps.store.readGrant(id);
  assert.ok(grant && 'ending' in grant, `point ${point}: ${grant?.state}`);
  assert.ok(grant.ending.status === 'none' || grant.ending.status === 'dead');
  const entries = await Array.fromAsync(deps.store.readChain(id));
  assert.deepEqual(verifyChain(id, entries, { head: grant.head, receipts: [] }), []);
};
