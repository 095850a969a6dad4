import assert from 'node:assert/strict';
import { test } from 'node:test';
import { activateGrant } from '../../lambdas/app/activate-grant.ts';
import { admitGrant } from '../../lambdas/app/admit-grant.ts';
import { admitRun } from '../../lambdas/app/admit-run.ts';
import { cancelRun } from '../../lambdas/app/cancel-run.ts';
import { endAccess } from '../../lambdas/app/end-access.ts';
import { executeRun } from '../../lambdas/app/execute-run.ts';
import { inspectRun } from '../../lambdas/app/inspect-run.ts';
import type { Vaults } from '../../lambdas/app/ports.ts';
import { revokeGrant } from '../../lambdas/app/revoke-grant.ts';
import { storePeopleWait, storeWait } from '../../lambdas/app/store-wait.ts';
import { sweep } from '../../lambdas/app/sweep.ts';
import { verifyChain } from '../../lambdas/core/audit/verify-chain.ts';
import { isOver } from '../../lambdas/core/grant/grant.ts';
import { SWEEP_GRACE_MS } from '../../lambdas/core/limits.ts';
import { isSettled } from '../../lambdas/core/run/run.ts';
import { type App, startApp } from '../support/app.ts';
import {
  approvalOf,
  decided,
  grantOf,
  newWaitingGrant,
  newWaitingRun,
  runOf,
  withPeople,
} from '../support/approval-scene.ts';
import { CALLER } from '../support/facts.ts';
import { Killed, killAt } from '../support/kill-at.ts';
import { DORA, SAMPLE_PEOPLE } from '../support/votes.ts';

const killedDeps = (app: App, point: number) => {
  const { pass, wrap, wasReached } = killAt(point);
  const { store, workflow, notifier, statements, vaults } = app.deps;
  const { readChain, ...calls } = store;
  const killable: Vaults = {
    open: (task) => pass(() => vaults.open(task)),
    find: (task) => pass(() => vaults.find(task)),
  };
  const deps = {
    ...app.deps,
    store: { ...wrap(calls), readChain },
    workflow: wrap(workflow),
    notifier: wrap(notifier),
    statements: wrap(statements),
    vaults: killable,
  };
  return { deps, wasReached };
};

/** What is played in each: a grant or a run that waits for people, in a task of its own. */
interface Stage {
  readonly app: App;
  readonly deps: App['deps'];
  readonly subject: { readonly kind: 'grant' | 'run'; readonly id: string };
  readonly grantId: string;
  readonly approvalId: string;
}

/** Each killed at every call that it makes, and then played once more by whoever has heard nothing of it. */
interface Scenario {
  readonly kind: 'grant' | 'run';
  readonly before?: (stage: Stage) => Promise<void>;
  readonly play: (stage: Stage) => Promise<unknown>;
  /** What it is in the end. */
  readonly ends: readonly string[];
}

const approve = async ({ app, approvalId }: Stage) => {
  await decided(app, await approvalOf(app, approvalId));
};

const decideAs =
  (decision: 'approve' | 'deny') =>
  async ({ app, deps, approvalId }: Stage) => {
    const approval = await approvalOf(app, approvalId);
    await decided({ ...app, deps }, approval, { decision });
  };

const SCENARIOS: Readonly<Record<string, Scenario>> = {
  'a yes to a grant': { kind: 'grant', play: decideAs('approve'), ends: ['expired'] },
  'a yes to a run': { kind: 'run', play: decideAs('approve'), ends: ['succeeded'] },
  'a no to a grant': { kind: 'grant', play: decideAs('deny'), ends: ['denied'] },
  'taking what people decided about a grant': {
    kind: 'grant',
    before: approve,
    play: ({ app, deps, grantId }) => admitGrant(deps, grantId, app.context),
    ends: ['expired'],
  },
  'taking what people decided about a run': {
    kind: 'run',
    before: approve,
    play: ({ app, deps, subject }) => admitRun(deps, subject.id, app.context),
    ends: ['succeeded'],
  },
  'asking people about a run again': {
    kind: 'run',
    before: async (stage) => {
      await approve(stage);
      stage.app.policy.answer = withPeople(2);
    },
    play: ({ app, deps, subject }) => admitRun(deps, subject.id, app.context),
    ends: ['failed', 'lapsed'],
  },
  'withdrawing a run': {
    kind: 'run',
    play: ({ deps, subject }) => cancelRun(deps, CALLER, subject.id),
    ends: ['cancelled'],
  },
  'revoking a grant under which a run waits': {
    kind: 'run',
    play: ({ app, deps, grantId }) =>
      revokeGrant(deps, { ...DORA, authenticatedAt: app.time.now }, { grantId, note: 'no' }),
    ends: ['failed'],
  },
  'having the target look at a run': {
    kind: 'run',
    play: ({ app, deps, subject }) => inspectRun(deps, subject.id, app.context),
    ends: ['failed', 'lapsed'],
  },
};

/** Kills each step of an approval at one of so many of its calls, from the first on. */
export const killedInApprovals = (oneOf: number): void => {
  for (const [name, scenario] of Object.entries(SCENARIOS))
    test(`killed before or after any call of ${name}, it is finished by a repeat or the schedule, once`, async () => {
      const points = await killAtEachCall(scenario, oneOf);
      assert.ok(points + oneOf > 6, `only ${points} points were generated`);
    });
};

/** One application for all points, since each is over before the next: starting it would take most of the time. */
const killAtEachCall = async (scenario: Scenario, oneOf: number): Promise<number> => {
  const app = await startApp();
  try {
    for (let point = 1; ; point += oneOf) {
      app.statements.executed.length = 0;
      // Half of them have nobody who comes back: calls alternate, each killed before or after.
      const isRepeated = Math.floor(point / 2) % 2 === 0;
      const { wasReached } = await playAndRecover(app, { scenario, point, isRepeated });
      if (wasReached) continue;
      await assertNothingDue(app);
      return point - oneOf;
    }
  } finally {
    await app.tables.close();
  }
};

/** Somebody's word that it ends is kept, and looked at, for longer than anything it could end. */
const assertNothingDue = async (app: App): Promise<void> => {
  const due = await app.deps.store.due(Number.MAX_SAFE_INTEGER);
  assert.deepEqual(
    due.filter(({ kind }) => kind !== 'revocation'),
    [],
  );
};

const playAndRecover = async (
  app: App,
  { scenario, point, isRepeated }: { scenario: Scenario; point: number; isRepeated: boolean },
) => {
  const { deps, wasReached } = killedDeps(app, point);
  const stage = await setStage(app, scenario, deps);
  await scenario.before?.(stage);
  await scenario.play(stage).catch((error: unknown) => {
    if (!(error instanceof Killed)) throw error;
  });
  const isReached = wasReached();
  // Nobody comes back after a no that was never written, or a decision that nobody made: that is nobody's to finish.
  const isWritten = await hasHappened(stage);
  if (isRepeated || !isReached) await scenario.play({ ...stage, deps: app.deps });
  await recover(stage);
  await assertFinished(stage, { scenario, isCertain: isRepeated || !isReached || isWritten, point });
  return { wasReached: isReached };
};

const setStage = async (app: App, { kind }: Scenario, deps: App['deps']): Promise<Stage> => {
  app.policy.answer = withPeople(1);
  app.policy.person = SAMPLE_PEOPLE;
  if (kind === 'grant') {
    const { grant, approval } = await newWaitingGrant(app);
    await storePeopleWait(app.deps, { taskToken: 'people', grantId: grant.id });
    return { app, deps, subject: { kind, id: grant.id }, grantId: grant.id, approvalId: approval.id };
  }
  const { run, grantId, approval } = await newWaitingRun(app);
  await storePeopleWait(app.deps, { taskToken: 'people', runId: run.id });
  await storeWait(app.deps, { taskToken: 'end', grantId });
  return { app, deps, subject: { kind, id: run.id }, grantId, approvalId: approval.id };
};

const hasHappened = async ({ app, approvalId, grantId }: Stage): Promise<boolean> => {
  const { state } = await approvalOf(app, approvalId);
  return state !== 'pending' || (await app.deps.store.readForUse(grantId)).isRevoked;
};

/** The schedule, and the workflow that it starts, wakes and cannot do without. Nobody decides anything any more. */
const recover = async ({ app, subject, grantId }: Stage): Promise<void> => {
  const workflow = {
    ...app.deps.workflow,
    endWait: (token: string) => wake(token),
    start: () => takeGrant(),
    startRun: () => takeRun(),
  };
  const takeGrant = async (): Promise<undefined> => {
    if ((await admitGrant(app.deps, grantId, app.context)) !== 'go') return;
    await activateGrant(app.deps, grantId, app.context);
    await storeWait({ ...app.deps, workflow }, { taskToken: 'end', grantId });
  };
  const takeRun = async (): Promise<undefined> => {
    if ((await admitRun(app.deps, subject.id, app.context)) === 'go')
      await executeRun(app.deps, subject.id, app.context);
  };
  const wake = async (token: string): Promise<undefined> => {
    if (token === 'end') await endAccess(app.deps, grantId, app.context);
    else await (subject.kind === 'grant' ? takeGrant() : takeRun());
  };
  for (const ms of [SWEEP_GRACE_MS, 13 * 3_600_000]) {
    app.time.now += ms;
    await sweep({ ...app.deps, workflow }, app.context);
  }
};

const assertFinished = async (
  { app, subject, grantId, approvalId }: Stage,
  about: { scenario: Scenario; isCertain: boolean; point: number },
): Promise<void> => {
  const { scenario, isCertain, point } = about;
  const grant = await grantOf(app, grantId);
  assert.ok(isOver(grant), `point ${point}: ${grant.state}`);
  const run = subject.kind === 'run' ? await runOf(app, subject.id) : undefined;
  assert.ok(!run || run.state === 'denied' || isSettled(run), `point ${point}: ${run?.state}`);
  const { state } = run ?? grant;
  if (isCertain) assert.ok(scenario.ends.includes(state), `point ${point}: ${state}`);
  assert.deepEqual([...app.roles], [], `point ${point}: a role was forgotten`);
  const events = await Array.fromAsync(app.deps.store.readChain(grantId));
  assert.deepEqual(verifyChain(grantId, events, { head: grant.head, receipts: [] }), []);
  const count = (type: string) => events.filter(({ event }) => event.type === type).length;
  assert.ok(count(`${subject.kind}.approved`) <= 1, `point ${point}: approved twice`);
  assert.equal(app.statements.executed.length, state === 'succeeded' ? 1 : 0, `point ${point}`);
  for (const id of new Set([approvalId, grant.approval, run?.approval])) {
    if (id === undefined) continue;
    const approval = await approvalOf(app, id);
    assert.ok(!/pending|approved/.test(approval.state), `point ${point}: left ${approval.state}`);
    const chain = await Array.fromAsync(app.deps.store.readChain(id));
    assert.deepEqual(verifyChain(id, chain, { head: approval.head, receipts: [] }), []);
    const votes = chain.filter(({ event }) => event.type === 'approval.voted');
    assert.ok(votes.length <= 1, `point ${point}: voted ${votes.length} times`);
  }
};
