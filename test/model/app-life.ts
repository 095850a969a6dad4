import { randomBytes } from 'node:crypto';
import { activateGrant } from '../../lambdas/app/activate-grant.ts';
import { systemContext } from '../../lambdas/app/caller.ts';
import { endAccess } from '../../lambdas/app/end-access.ts';
import { endTask } from '../../lambdas/app/end-task.ts';
import { openTask } from '../../lambdas/app/open-task.ts';
import type { Store } from '../../lambdas/app/ports.ts';
import { reconcileTarget } from '../../lambdas/app/reconcile-target.ts';
import { releaseGrant } from '../../lambdas/app/release-grant.ts';
import { renewTask } from '../../lambdas/app/renew-task.ts';
import { requestAccess } from '../../lambdas/app/request-access.ts';
import { revokeGrant } from '../../lambdas/app/revoke-grant.ts';
import { storeWait } from '../../lambdas/app/store-wait.ts';
import { type SweepDeps, sweep } from '../../lambdas/app/sweep.ts';
import { vendCredential } from '../../lambdas/app/vend-credential.ts';
import { GENESIS } from '../../lambdas/core/audit/chain.ts';
import type { Resource } from '../../lambdas/core/config/resource.ts';
import { NOBODY_CONTAINED } from '../../lambdas/core/containment/register.ts';
import type { Grant } from '../../lambdas/core/grant/grant.ts';
import { END_WAIT_MAX_SECONDS, SECOND_MS } from '../../lambdas/core/limits.ts';
import { ok, type Result } from '../../lambdas/core/result.ts';
import { ALLOWED, CALLER, ENTRY, REFUSED, SOFTWARE } from '../support/facts.ts';
import { KINDS, portsOf, requestFor } from '../support/kinds.ts';
import { DORA } from '../support/votes.ts';
import type { Gate } from './processes.ts';
import type { Scene } from './scene.ts';
import type { Came, Deed } from './world.ts';

/** What one process of the product is made of: its ports, each call through the gate at which it may be stopped. */
export const appDeps = (scene: Scene, whole: Store, { pass, wrap }: Gate) => {
  const { readChain, ...calls } = whole;
  const gives = scene.switches.gives ? ALLOWED : REFUSED;
  const software = { ...SOFTWARE, policyDigest: scene.digest() };
  return {
    store: { ...wrap(calls), readChain } as Store,
    clock: scene.clock,
    software,
    random: (count: number) => randomBytes(count),
    backoff: async () => undefined,
    // Whoever waits for a proof of death that does not come gives up.
    sleep: async () => scene.around.pass(END_WAIT_MAX_SECONDS * SECOND_MS),
    log: () => undefined,
    alarm: () => undefined,
    resources: scene.around.kinds.map((kind): Resource => KINDS[kind].resource),
    principals: [ENTRY],
    policy: {
      ask: () => gives,
      askUnmask: () => ALLOWED,
      askPerson: () => ALLOWED,
      groups: ['data-crew'],
      categories: [],
    },
    targets: portsOf(scene.places, 'target', wrap),
    issuers: portsOf(scene.places, 'issuer', (issuer) => ({
      issue: (ask) =>
        pass(async () => {
          const issued = await issuer.issue(ask);
          const release = issued.ok ? issued.value.release : undefined;
          return issued.ok && release ? ok({ ...issued.value, release: () => pass(release) }) : issued;
        }),
    })),
    workflow: wrap({
      start: ({ id }: Pick<Grant, 'id'>) => scene.signal(id, 'activate'),
      startRun: async () => undefined,
      endWait: (token: string) => scene.signal(token, 'end access'),
      renewWait: async () => undefined,
    }),
    notifier: { notify: async () => undefined },
    refusedTokens: { countBetween: async () => ({ refusals: [], isComplete: true }) },
  };
};

type AppDeps = ReturnType<typeof appDeps>;

const DONE: Came = { came: 'done' };
export const CONTEXT = systemContext({ requestId: 'r', invocationId: 'i' }, SOFTWARE);

const cameOf = <T>(result: Result<T, { readonly code: string }>, made?: (value: T) => string): Came => {
  if (!result.ok) return { came: 'refused', code: result.failure.code };
  return made ? { came: 'done', made: made(result.value) } : DONE;
};

/** Stops have a life and crash points of their own (`test/app/sweep-containment.test.ts`); none is placed here. */
const NOBODY_STOPPED: SweepDeps['containments'] = {
  read: async () => ({
    head: GENESIS,
    stored: { body: undefined, register: NOBODY_CONTAINED },
    containments: [],
  }),
  find: async () => undefined,
  list: async () => [],
  commit: async () => 'lost',
};

/** `beside`: the ports of other processes, which this one only invokes. */
export const performInApp = async (deps: AppDeps, beside: AppDeps, deed: Deed, gate: Gate): Promise<Came> => {
  switch (deed.what) {
    case 'open task': {
      const request = { name: 'a task', leaseSeconds: deed.leaseSeconds };
      const opened = await openTask(deps, CALLER, { request, idempotencyKey: undefined });
      return cameOf(opened, ({ task }) => task.id);
    }
    case 'heartbeat':
      return cameOf(await renewTask(deps, CALLER, deed.task));
    case 'end task':
      return cameOf(await endTask(deps, CALLER, deed.task));
    case 'ask': {
      const request = {
        ...requestFor(deed.kind),
        task: deed.task,
        durationSeconds: deed.seconds,
        reason: 'why',
      };
      const asked = await requestAccess(deps, CALLER, { request, idempotencyKey: undefined });
      return cameOf(asked, ({ grant }) => grant.id);
    }
    case 'activate':
      await runWorkflow(deps, deed.grant);
      return DONE;
    case 'end access':
      await endAccess(deps, deed.grant, CONTEXT);
      return DONE;
    case 'vend':
      return cameOf(
        await vendCredential(deps, CALLER, { grantId: deed.grant, publicKey: deed.publicKey }),
        ({ credential }) => credential.id,
      );
    case 'release':
      return cameOf(await releaseGrant(deps, CALLER, deed.grant));
    case 'revoke': {
      const dora = { ...DORA, authenticatedAt: deps.clock() };
      return cameOf(await revokeGrant(deps, dora, { grantId: deed.grant, note: 'no more' }));
    }
    default: {
      const endings = gate.wrap({
        end: async ({ id }: Pick<Grant, 'id'>) => void (await endAccess(beside, id, CONTEXT)),
        reconcile: async ({ id }: Pick<Resource, 'id'>) => {
          const resource = beside.resources.find((one) => one.id === id);
          return resource ? reconcileTarget(beside, resource, CONTEXT) : 0;
        },
      });
      const swept = await sweep(
        { ...deps, endings, containments: NOBODY_STOPPED } satisfies SweepDeps,
        CONTEXT,
      );
      return { came: 'done', swept };
    }
  }
};

/** What the machine does: it activates and waits for the end, or ends what has not become active. */
export const runWorkflow = async (deps: AppDeps, grantId: string): Promise<void> => {
  const active = await activateGrant(deps, grantId, CONTEXT);
  if (active) await storeWait(deps, { grantId, taskToken: grantId });
  else await endAccess(deps, grantId, CONTEXT);
};
