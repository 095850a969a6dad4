import { randomBytes } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import { dynamoContainments } from '../../lambdas/adapters/dynamo/dynamo-containments.ts';
import type { ActivateDeps } from '../../lambdas/app/activate-grant.ts';
import { activateGrant } from '../../lambdas/app/activate-grant.ts';
import { systemContext } from '../../lambdas/app/caller.ts';
import { endAccess } from '../../lambdas/app/end-access.ts';
import { openTask } from '../../lambdas/app/open-task.ts';
import type { Store } from '../../lambdas/app/ports.ts';
import { requestAccess } from '../../lambdas/app/request-access.ts';
import type { RefusalCount } from '../../lambdas/core/audit/event.ts';
import type { Resource } from '../../lambdas/core/config/resource.ts';
import type { Grant } from '../../lambdas/core/grant/grant.ts';
import type {
  ContainmentQuestion,
  PersonQuestion,
  PolicyAnswer,
} from '../../lambdas/core/policy/question.ts';
import { loadParser } from '../../lambdas/core/sql/parser.ts';
import { ALLOWED, CALLER, ENTRY, NOW, REFUSED, RESOURCE, SOFTWARE } from './facts.ts';
import { portsOf, rememberedPlaces } from './kinds.ts';
import { rememberedStatements } from './remembered-statements.ts';
import { rememberedVaults } from './remembered-vaults.ts';
import { startTables } from './tables.ts';

/** Every use case on the real store, with a clock the test moves and a workflow that only remembers. */
export const startApp = async () => {
  const time = { now: NOW };
  const clock = () => time.now;
  const tables = await startTables(clock);
  const places = rememberedPlaces(clock);
  const vaulted = rememberedVaults(clock);
  const statements = rememberedStatements();
  const calls: string[] = [];
  const refusals: RefusalCount[] = [];
  /** What policy answers; a test changes it. */
  const policy: {
    answer: (approvals: number) => PolicyAnswer;
    unmask: (category: string) => PolicyAnswer;
    person: (question: PersonQuestion) => PolicyAnswer;
    containment: (question: ContainmentQuestion) => PolicyAnswer;
  } = {
    answer: () => ALLOWED,
    unmask: () => REFUSED,
    person: ({ groups }) => (groups.includes('dba') ? ALLOWED : REFUSED),
    containment: ({ groups }) => (groups.includes('dba') ? ALLOWED : REFUSED),
  };
  const deps = {
    store: tables.store as Store,
    containments: dynamoContainments(tables.connection),
    firstPass: { begin: async (id: string) => void calls.push(`firstPass ${id}`) },
    clock,
    software: SOFTWARE,
    random: (count: number) => randomBytes(count),
    backoff: () => pause(Math.random() * 5),
    sleep: () => pause(2),
    log: () => undefined,
    resources: [RESOURCE] as readonly Resource[],
    principals: [ENTRY],
    policy: {
      ask: (question: { context: { approvals: number } }) => policy.answer(question.context.approvals),
      askUnmask: ({ category }: { category: string }) => policy.unmask(category),
      askPerson: (question: PersonQuestion) => policy.person(question),
      askContainment: (question: ContainmentQuestion) => policy.containment(question),
      groups: ['dba'],
      categories: ['email', 'card'],
    },
    vaults: vaulted.vaults,
    statements: statements.statements,
    loadParser,
    loadPolicy: async () => deps.policy,
    notifier: { notify: async (id: string) => void calls.push(`notify ${id}`) },
    alarm: (what: string) => void calls.push(`alarm ${what}`),
    consoleUrl: 'https://latchkey.example.com',
    workflow: {
      startRun: async (id: string) => void calls.push(`startRun ${id}`),
      start: async ({ id }: { id: string }) => void calls.push(`start ${id}`),
      endWait: async (token: string) => void calls.push(`endWait ${token}`),
      renewWait: async (token: string) => void calls.push(`renewWait ${token}`),
    },
    targets: portsOf(places, 'target'),
    refusedTokens: { countBetween: async () => ({ refusals: refusals.splice(0), isComplete: true }) },
    issuers: portsOf(places, 'issuer'),
    endings: {
      end: async ({ id }: { id: string }) => void (await endAccess(deps, id, context)),
      reconcile: async () => 0,
    },
  };
  const context = systemContext({ requestId: 'r', invocationId: 'i' }, SOFTWARE);
  const newTask = async (request: { name: string; leaseSeconds?: number } = { name: 'a task' }) => {
    const opened = await openTask(deps, CALLER, { request, idempotencyKey: undefined });
    if (!opened.ok) throw new Error(opened.failure.code);
    return opened.value.task.id;
  };
  const ask = async (task: string, change: object = {}) =>
    requestAccess(deps, CALLER, { request: { ...REQUEST, task, ...change }, idempotencyKey: undefined });
  const newGrant = async (task: string, change: object = {}): Promise<Grant> => {
    const asked = await ask(task, change);
    if (!asked.ok) throw new Error(asked.failure.code);
    return asked.value.grant;
  };
  const newActive = async (task: string, change: object = {}): Promise<string> => {
    const { id } = await newGrant(task, change);
    await activateGrant(deps as ActivateDeps, id, context);
    return id;
  };
  return {
    time,
    deps,
    calls,
    refusals,
    policy,
    context,
    tables,
    places,
    target: deps.targets.postgres,
    roles: places.postgres.made,
    control: places.postgres.control,
    vaulted,
    statements,
    newTask,
    ask,
    newGrant,
    newActive,
  };
};

export const REQUEST = {
  resource: 'orders-db',
  action: 'postgres:connect',
  durationSeconds: 600,
  reason: 'weekly report',
};

export type App = Awaited<ReturnType<typeof startApp>>;
