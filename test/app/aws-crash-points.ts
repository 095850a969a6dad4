import assert from 'node:assert/strict';
import { test } from 'node:test';
import { awsIssuer } from '../../lambdas/adapters/aws/aws-issuer.ts';
import { awsTarget } from '../../lambdas/adapters/aws/aws-target.ts';
import type { EndTools } from '../../lambdas/adapters/aws/end-sessions.ts';
import { activateGrant } from '../../lambdas/app/activate-grant.ts';
import type { AwsSession } from '../../lambdas/app/credential.ts';
import { endAccess } from '../../lambdas/app/end-access.ts';
import { reconcileTarget } from '../../lambdas/app/reconcile-target.ts';
import { sweep } from '../../lambdas/app/sweep.ts';
import { fingerprintOf, vendCredential } from '../../lambdas/app/vend-credential.ts';
import { verifyChain } from '../../lambdas/core/audit/verify-chain.ts';
import type { App } from '../support/app.ts';
import { type AwsAccount, REPORTS, startAwsAccount } from '../support/aws-account.ts';
import { readAs } from '../support/aws-reader.ts';
import type { AwsTools } from '../support/aws-tools.ts';
import { awsToolsOn } from '../support/aws-tools.ts';
import { CALLER } from '../support/facts.ts';
import { Killed, killAt, killAtEveryPoint } from '../support/kill-at.ts';

type Deps = ReturnType<typeof depsOn>;

/** The use cases with the adapters of AWS, each of whose calls can be the last. */
const depsOn = (
  app: App,
  tools: AwsTools,
  { pass, wrap }: Pick<ReturnType<typeof killAt>, 'pass' | 'wrap'>,
) => {
  const { readChain, ...calls } = app.deps.store;
  const guarded: EndTools = {
    ...tools.ending,
    assume: (ask) => pass(() => tools.ending.assume(ask)),
    probe: (...ask) => pass(() => tools.ending.probe(...ask)),
    versionsOf: async (...ask) => wrap(await tools.ending.versionsOf(...ask)),
    marks: wrap(tools.ending.marks),
  };
  const issuer = awsIssuer({ ...tools.issuing, assume: (ask) => pass(() => tools.issuing.assume(ask)) });
  return {
    ...app.deps,
    resources: [REPORTS],
    store: { ...wrap(calls), readChain },
    targets: { aws: awsTarget(guarded) },
    issuers: { aws: issuer },
  };
};

const ASKED = { resource: REPORTS.id, action: 'aws:assume', profile: 'read', durationSeconds: 600 };

const newActive = async (app: App, deps: Deps, task: string): Promise<string> => {
  const { id } = await app.newGrant(task, ASKED);
  await activateGrant(deps, id, app.context);
  return id;
};

/** Each part by the function that plays it, until the process dies. `calm` is not killed. */
const SCENARIOS: Record<string, (scene: Scene, calm: Deps, deps: Deps) => Promise<void>> = {
  activation: async ({ app, task }, _calm, deps) => void (await newActive(app, deps, task)),
  vend: async (scene, calm, deps) => {
    await vend(scene, deps, await newActive(scene.app, calm, scene.task));
  },
  end: async (scene, calm, deps) => {
    const id = await newActive(scene.app, calm, scene.task);
    await vend(scene, calm, id);
    await endAccess(deps, id, scene.app.context);
  },
  'end of a window': async (scene, calm, deps) => {
    const id = await newActive(scene.app, calm, scene.task);
    await vend(scene, calm, id);
    scene.app.time.now += 600_000;
    await endAccess(deps, id, scene.app.context);
  },
};

interface Scene {
  readonly app: App;
  readonly account: AwsAccount;
  readonly task: string;
  /** What has left the function that vends. */
  readonly released: AwsSession[];
}

const vend = async ({ released }: Scene, deps: Deps, id: string): Promise<void> => {
  const vended = await vendCredential(deps, CALLER, { grantId: id });
  assert.ok(vended.ok && vended.value.credential.kind === 'aws');
  released.push(vended.value.credential);
};

/** Kills each step of a life of a grant on AWS at one of so many of its calls, from the first on. */
export const killedOnAws = (oneOf: number): void => {
  for (const [name, play] of Object.entries(SCENARIOS))
    test(`killed before or after any call of ${name} on AWS, everything is dead and recorded in the end`, async () => {
      const points = await killAtEveryPoint((app, point) => playOne(app, play, point), oneOf);
      assert.ok(points + oneOf > 4, `only ${points} points were generated`);
    });
};

const CALM = { pass: <T>(act: () => Promise<T>) => act(), wrap: <T extends object>(port: T) => port };

const playOne = async (app: App, play: (typeof SCENARIOS)[string], point: number) => {
  const account = await startAwsAccount();
  try {
    account.sessions.clock = () => app.time.now;
    app.deps.resources = [REPORTS];
    const tools = awsToolsOn(account, { connection: app.tables.connection, time: app.time });
    const scene: Scene = { app, account, task: await app.newTask(), released: [] };
    const calm = depsOn(app, tools, CALM);
    const { wasReached, ...guard } = killAt(point);
    await play(scene, calm, depsOn(app, tools, guard)).catch((error: unknown) => {
      if (!(error instanceof Killed)) throw error;
    });
    if (!wasReached()) return { wasReached: false };
    // Whatever was in the memory of the function that died is not there any more.
    const next = depsOn(
      app,
      awsToolsOn(account, { connection: app.tables.connection, time: app.time }),
      CALM,
    );
    await recover(scene, next);
    await assertSettled(scene, next, point);
    return { wasReached: true };
  } finally {
    await account.close();
  }
};

/** What goes on although nobody comes back: the schedule, minute by minute, until the grant's window is long over. */
const recover = async ({ app, released }: Scene, deps: Deps): Promise<void> => {
  const endings = {
    end: async ({ id }: { id: string }) => void (await endAccess(deps, id, app.context)),
    reconcile: () => reconcileTarget(deps, REPORTS, app.context),
  };
  const workflow = {
    ...deps.workflow,
    start: async ({ id }: { id: string }) => void (await activateGrant(deps, id, app.context)),
  };
  for (let minute = 0; minute < 14; minute += 1) {
    await sweep({ ...deps, endings, workflow }, app.context);
    app.time.now += 60_000;
  }
  app.time.now += 13 * 3_600_000;
  for (let minute = 0; minute < 3; minute += 1) {
    await sweep({ ...deps, endings, workflow }, app.context);
    app.time.now += 60_000;
  }
  assert.ok(released.length <= 1);
};

const assertSettled = async ({ app, account, task, released }: Scene, deps: Deps, point: number) => {
  for (const session of released) assert.notEqual(await readAs(account, session), 'read', `point ${point}`);
  assert.deepEqual(
    await deps.store.due(Number.MAX_SAFE_INTEGER),
    [],
    `point ${point}: something is still due`,
  );
  for (const id of await deps.store.grantsOfTask(task)) {
    const grant = await deps.store.readGrant(id);
    assert.ok(grant && 'ending' in grant, `point ${point}: ${grant?.state}`);
    assert.ok(grant.ending.status === 'none' || grant.ending.status === 'dead', `point ${point}`);
    const entries = await Array.fromAsync(app.deps.store.readChain(id));
    assert.deepEqual(verifyChain(id, entries, { head: grant.head, receipts: [] }), []);
    const issued = entries.flatMap(({ event }) =>
      event.type === 'credential.issued' ? [event.fingerprint] : [],
    );
    for (const { sessionToken } of released)
      assert.ok(issued.includes(fingerprintOf(sessionToken)), `point ${point}: released unaudited`);
  }
};
