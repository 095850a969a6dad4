import assert from 'node:assert/strict';
import { test } from 'node:test';
import { eksIssuer } from '../../lambdas/adapters/eks/eks-issuer.ts';
import { eksTarget } from '../../lambdas/adapters/eks/eks-target.ts';
import { inCluster } from '../../lambdas/adapters/eks/kubernetes-api.ts';
import { activateGrant } from '../../lambdas/app/activate-grant.ts';
import { endAccess } from '../../lambdas/app/end-access.ts';
import { reconcileTarget } from '../../lambdas/app/reconcile-target.ts';
import { requestAccess } from '../../lambdas/app/request-access.ts';
import { sweep } from '../../lambdas/app/sweep.ts';
import { vendCredential } from '../../lambdas/app/vend-credential.ts';
import { verifyChain } from '../../lambdas/core/audit/verify-chain.ts';
import type { Grant } from '../../lambdas/core/grant/grant.ts';
import type { App } from '../support/app.ts';
import { type ClusterScene, TARGET_ROLE } from '../support/cluster-scene.ts';
import { CALLER, NOW } from '../support/facts.ts';
import { Killed, killAt, killAtEveryPoint } from '../support/kill-at.ts';

const REQUEST = {
  resource: 'shop-cluster',
  action: 'eks:connect',
  profile: 'logs-reader',
  durationSeconds: 600,
  reason: 'orders that were not paid',
};

/** One process of a life, with every call that leaves it: to the tables, to STS, and each one to the cluster. */
const scene = (app: App, cluster: ClusterScene, point: number) => {
  const { pass, wrap, wasReached } = killAt(point);
  const { clock } = app.deps;
  const signInOwn = () => cluster.adminToken();
  const reach: typeof inCluster = (where, work) =>
    inCluster(where, (api) => work((call, schema) => pass(() => api(call, schema))));
  const { endings: _, targets: _targets, issuers: _issuers, ...rest } = app.deps;
  const target = eksTarget({ signInOwn, clock });
  const deps = {
    ...rest,
    resources: [cluster.resource],
    targets: { eks: target },
    issuers: { eks: eksIssuer({ assume: async (ask) => sessionOf(cluster, ask.sessionName), clock }) },
    endings: {
      end: async ({ id }: Grant) => void (await endAccess(deps, id, app.context)),
      reconcile: () => reconcileTarget(deps, cluster.resource, app.context),
    },
  };
  const { readChain: _chain, ...calls } = deps.store;
  const assume = wrap({ assume: async (name: string) => sessionOf(cluster, name) });
  const killed = {
    ...deps,
    store: { ...wrap(calls), readChain: deps.store.readChain },
    workflow: wrap(deps.workflow),
    targets: { eks: eksTarget({ signInOwn, clock, reach }) },
    issuers: { eks: eksIssuer({ assume: (ask) => assume.assume(ask.sessionName), clock }) },
  };
  return { deps, killed, wasReached };
};

type Scene = ReturnType<typeof scene>;

const sessionOf = ({ sessions }: ClusterScene, name: string) => {
  const { accessKeyId, secretAccessKey, sessionToken } = sessions.issue({ roleArn: TARGET_ROLE, name });
  const keys = { accessKeyId, secretAccessKey, sessionToken };
  return { keys, issuedAt: NOW, expiresAt: NOW + 900_000, packedPercent: 1 };
};

const newGrant = async (app: App, { deps }: Scene): Promise<string> => {
  const request = { ...REQUEST, task: await app.newTask() };
  const asked = await requestAccess(deps, CALLER, { request, idempotencyKey: undefined });
  assert.ok(asked.ok);
  return asked.value.grant.id;
};

const newActive = async (app: App, played: Scene): Promise<string> => {
  const id = await newGrant(app, played);
  assert.ok(await activateGrant(played.deps, id, app.context));
  return id;
};

type Prepare = (app: App, played: Scene) => Promise<{ id: string; play: () => Promise<unknown> }>;

/** Each part of a life by the function that plays it, until the process dies. Answers the grant. */
const SCENARIOS: Readonly<Record<string, Prepare>> = {
  activation: async (app, played) => {
    const id = await newGrant(app, played);
    return { id, play: () => activateGrant(played.killed, id, app.context) };
  },
  vend: async (app, played) => {
    const id = await newActive(app, played);
    return { id, play: () => vendCredential(played.killed, CALLER, { grantId: id }) };
  },
  end: async (app, played) => {
    const id = await newActive(app, played);
    await vendCredential(played.deps, CALLER, { grantId: id });
    return { id, play: () => endAccess(played.killed, id, app.context) };
  },
};

/** Kills each step of a life at one of so many of its calls, from the first on. */
export const killedInClusterLives = (clusterOf: () => ClusterScene, oneOf: number): void => {
  for (const [name, prepare] of Object.entries(SCENARIOS)) {
    test(`killed before or after any call of ${name}, no token opens anything in the end`, async () => {
      const played = (app: App, point: number) => playAndRecover(app, clusterOf(), { prepare, point });
      const points = await killAtEveryPoint(played, oneOf);
      assert.ok(points + oneOf > 4, `only ${points} points were generated`);
    });
  }
};

const playAndRecover = async (
  app: App,
  cluster: ClusterScene,
  { prepare, point }: { readonly prepare: Prepare; readonly point: number },
) => {
  const played = scene(app, cluster, point);
  const { id, play } = await prepare(app, played);
  await play().catch((error: unknown) => {
    if (!(error instanceof Killed)) throw error;
  });
  if (!played.wasReached()) return { wasReached: false };
  await recover(app, played.deps);
  await assertSettled(cluster, played.deps, { id, point });
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

const assertSettled = async (
  { target, resource }: ClusterScene,
  { store }: Scene['deps'],
  { id, point }: { readonly id: string; readonly point: number },
): Promise<void> => {
  assert.deepEqual(await target.inventory(resource), [], `point ${point}: a binding was forgotten`);
  const grant = await store.readGrant(id);
  assert.ok(grant && 'ending' in grant, `point ${point}: ${grant?.state}`);
  assert.ok(grant.ending.status === 'none' || grant.ending.status === 'dead', `point ${point}`);
  const entries = await Array.fromAsync(store.readChain(id));
  assert.deepEqual(verifyChain(id, entries, { head: grant.head, receipts: [] }), []);
};
