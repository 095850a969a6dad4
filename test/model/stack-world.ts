import { setTimeout as pause } from 'node:timers/promises';
import type { RowDataPacket } from 'mysql2/promise';
import { consoleVisitor } from '../../bin/console-visitor.ts';
import { KIND_ACCESS, type KindAccess, kindsOn, type OpenAccess } from '../../bin/kind-access.ts';
import {
  CONTAINMENTS,
  readGrant as readGrantItem,
  readContainmentRecord as readStopItem,
  readTask as readTaskItem,
} from '../../lambdas/adapters/dynamo/items.ts';
import type { FunctionName } from '../../lambdas/core/config/compiled.ts';
import { type ResourceKind, reacherOf } from '../../lambdas/core/config/resource.ts';
import type { Containment, ContainmentScope } from '../../lambdas/core/containment/containment.ts';
import type { Grant } from '../../lambdas/core/grant/grant.ts';
import { grantOfDatabaseUser, mysqlUser } from '../../lambdas/core/grant/ids.ts';
import type { Task } from '../../lambdas/core/grant/task.ts';
import { contain, idOf, lift } from '../e2e/asks.ts';
import type { RawAnswer } from '../e2e/raw-call.ts';
import type { Caller, Item, RunningStack } from '../e2e/running-stack.ts';
import type { Interruption } from '../support/kill-at.ts';
import { KINDS } from '../support/kinds.ts';
import type { Usable } from '../support/remembered-place.ts';
import { isSettled } from './holds.ts';
import type { Came, Deed, Look, World } from './world.ts';

type Holder = ReturnType<KindAccess['newHolder']>;

/** What somebody holds: what was answered, and what was opened with it. */
interface Held {
  readonly kind: ResourceKind;
  readonly grantId: string;
  readonly holder: Holder;
  readonly answer: unknown;
  readonly open: OpenAccess[];
}

/** How long whoever sets something off looks whether it has come about. */
const SET_OFF_WAIT_MS = 8_000;

/** The same events over HTTP on the product as it runs here, in real time, with real targets. Nothing is frozen, and no clock is moved. */
export const stackWorld = async (running: RunningStack): Promise<World> => {
  const hands = handsOf(running, {
    crew: await running.caller('sales-crew'),
    stops: await running.person('ana.silva'),
    lifts: await running.person('jonas.weber'),
  });
  const startedAt = Date.now();
  return {
    kinds: kindsOn(running.stack()),
    now: Date.now,
    pass: () => undefined,
    setSkew: () => undefined,
    setAway: () => undefined,
    setWorkflows: () => undefined,
    setPolicy: () => undefined,
    paused: [],
    perform: (deed, interruption) =>
      interrupted(running, { deed, interruption, act: () => hands.perform(deed) }),
    use: hands.use,
    usable: hands.usable,
    left: async () => [...(await rolesOf(running)), ...(await usersOf(running))],
    secretOf: hands.secretOf,
    // What other sequences have left is over, and is theirs.
    look: async () => lookAt(await running.items('grants'), startedAt),
    trail: async (chain) => (await running.trail()).filter((entry) => entry.chain === chain),
    close: hands.close,
  };
};

/** What callers, people and workflows do. */
const handsOf = (
  running: RunningStack,
  { crew, stops, lifts }: Record<'crew' | 'stops' | 'lifts', Caller>,
) => {
  const held = new Map<string, Held>();
  const holders = new Map<string, Holder>();
  const kindOf = async (id: string): Promise<ResourceKind> =>
    (lookAt(await running.items('grants')).grants.get(id) ?? { kind: 'postgres' as const }).kind;

  const vend = async ({ grant, publicKey }: Extract<Deed, { what: 'vend' }>): Promise<Came> => {
    const kind = await kindOf(grant);
    const key = publicKey ?? `${grant} ${held.size}`;
    const holder = holders.get(key) ?? KIND_ACCESS[kind].newHolder();
    holders.set(key, holder);
    const path = `/v1/grants/${grant}/credentials`;
    const answer = await crew.ask({ method: 'POST', path, ...(holder.body ? { json: holder.body } : {}) });
    if (answer.status === 201)
      held.set(idOf(answer), { kind, grantId: grant, holder, answer: answer.json, open: [] });
    return cameOf(answer);
  };
  const use = async (credential: string): Promise<boolean> => {
    const one = held.get(credential);
    const opened = await one?.holder.open(running.stack(), one.answer).catch(() => undefined);
    if (opened) one?.open.push(opened);
    return opened !== undefined;
  };
  return {
    use,
    perform: async (deed: Deed): Promise<Came> => {
      if (deed.what === 'vend') return vend(deed);
      if (deed.what === 'contain') return place(running, stops, deed.scope);
      if (deed.what === 'lift') return cameOf(await lifts.ask(lift(deed.containment)));
      if (deed.what === 'revoke') return revoke(running, deed.grant);
      if (deed.what === 'sweep') return sweep(running);
      if (deed.what === 'activate' || deed.what === 'end access')
        return invoke(running, {
          step: STEPS[deed.what],
          grantId: deed.grant,
          kind: await kindOf(deed.grant),
        });
      return cameOf(await crew.ask(askOf(deed)));
    },
    /** Only of what is over it says anything that somebody could not do: the rest may well be used. */
    async usable(credentials: readonly string[]): Promise<readonly Usable[]> {
      const { grants } = lookAt(await running.items('grants'));
      const usable: Usable[] = [];
      for (const id of credentials) {
        const one = held.get(id);
        const grant = grants.get(one?.grantId ?? '');
        if (!one || !grant || !isSettled(grant)) continue;
        if (await use(id)) usable.push({ grantId: grant.id, as: 'credential' });
        for (const open of one.open)
          if (await isUsable(open)) usable.push({ grantId: grant.id, as: 'session' });
      }
      return usable;
    },
    secretOf: (credential: string) => secretOf(held.get(credential)),
    async close() {
      for (const { open } of held.values()) for (const one of open) await one.close().catch(() => undefined);
    },
  };
};

const isUsable = (open: OpenAccess): Promise<boolean> =>
  open.use().then(
    () => true,
    () => false,
  );

const secretOf = (held: Held | undefined): string => {
  const answer = held?.answer as Readonly<Record<string, Readonly<Record<string, string>> | undefined>>;
  const { body } = held?.holder ?? {};
  if (body && 'publicKey' in body) return String(body.publicKey);
  return (answer.postgres ?? answer.mysql)?.password ?? answer.aws?.sessionToken ?? answer.eks?.token ?? '';
};

const STEPS = { activate: 'activate', 'end access': 'end' } as const;

/** What the sample calls what the model means. */
const placeOf = ({ kind, key }: ContainmentScope): { readonly scope: string; readonly key?: string } => {
  if (kind === 'principal') return { scope: kind, key: 'sales-analyst' };
  if (kind === 'resource')
    return { scope: kind, key: RESOURCES.find(([, known]) => known === key)?.[0] ?? key };
  return kind === 'task' ? { scope: kind, key } : { scope: kind };
};

/** Resources of the sample, and those that stand for their kinds elsewhere. */
const RESOURCES = Object.entries(KIND_ACCESS).map(
  ([kind, { request }]) => [request.resource, KINDS[kind as ResourceKind].resource.id] as const,
);

type AskedOfApi = Exclude<Deed, { readonly what: 'vend' | 'sweep' | 'contain' | 'lift' }>;

const askOf = (deed: AskedOfApi) => {
  switch (deed.what) {
    case 'open task':
      return { method: 'POST', path: '/v1/tasks', json: { name: 'a task', leaseSeconds: deed.leaseSeconds } };
    case 'heartbeat':
      return { method: 'POST', path: `/v1/tasks/${deed.task}/heartbeat` };
    case 'end task':
      return { method: 'DELETE', path: `/v1/tasks/${deed.task}` };
    case 'ask': {
      const json = {
        ...KIND_ACCESS[deed.kind].request,
        task: deed.task,
        durationSeconds: deed.seconds,
        reason: 'why',
      };
      return { method: 'POST', path: '/v1/grants', json, headers: { prefer: 'wait=20' } };
    }
    default:
      return { method: 'DELETE', path: `/v1/grants/${deed.grant}` };
  }
};

/** What a server could not answer says nothing of what has been done. */
const cameOf = (answer: RawAnswer): Came => {
  if (answer.status >= 500) return { came: 'stopped' };
  if (answer.status >= 400) return { came: 'refused', code: codeOf(answer) };
  return { came: 'done', made: idOf(answer) };
};

const codeOf = ({ json }: RawAnswer): string =>
  typeof json === 'object' && json !== null && 'code' in json ? String(json.code) : '';

const functionOf = (running: RunningStack, name: string) => {
  const found = running.stack().aws.functions.get(`latchkey-${name}`);
  if (!found) throw new TypeError(`no function ${name}`);
  return found;
};

/** As its workflow would, or somebody by hand: what does not become active is ended. */
const invoke = async (
  running: RunningStack,
  { step, grantId, kind }: { readonly step: string; readonly grantId: string; readonly kind: ResourceKind },
): Promise<Came> => {
  const outcome = await functionOf(running, reacherOf(kind)).invoke({ step, grantId });
  if (!('payload' in outcome)) return { came: 'stopped' };
  const { payload } = outcome;
  const isInactive =
    typeof payload === 'object' && payload !== null && 'active' in payload && !payload.active;
  return isInactive ? invoke(running, { step: STEPS['end access'], grantId, kind }) : { came: 'done' };
};

const sweep = async (running: RunningStack): Promise<Came> => {
  const [outcome] = await running.stack().sweep();
  const isReport = typeof outcome === 'object' && outcome !== null && 'payload' in outcome;
  return isReport ? { came: 'done' } : { came: 'stopped' };
};

/** Nobody waits for what has been set off, but whoever looks at once would see it half done. */
const comesAbout = async (running: RunningStack, isSeen: (look: Look) => boolean): Promise<void> => {
  for (const until = Date.now() + SET_OFF_WAIT_MS; Date.now() < until; await pause(50))
    if (isSeen(lookAt(await running.items('grants')))) return;
};

const isOver = (grant: Grant | undefined): boolean => grant === undefined || isSettled(grant);

/** With its first pass. */
const place = async (running: RunningStack, by: Caller, scope: ContainmentScope): Promise<Came> => {
  const came = cameOf(await by.ask(contain(placeOf(scope))));
  const id = came.came === 'done' ? (came.made ?? '') : '';
  if (id !== '')
    await comesAbout(running, ({ containments }) => containments.get(id)?.lastPass !== undefined);
  return came;
};

/** On the page of live grants, by somebody whom policy lets. */
const revoke = async (running: RunningStack, grantId: string): Promise<Came> => {
  const { consoleUrl, issuer, certPem } = running.stack();
  const password = issuer.passwordOf('ana.silva');
  const ana = consoleVisitor({ login: 'ana.silva', password, ca: certPem });
  const page = await ana.open(`${consoleUrl}/console/grants`);
  const forms = [...page.body.matchAll(/<form[\s\S]*?<\/form>/g)].map(([form]) => form);
  const body = forms.find((form) => form.includes(grantId));
  if (body === undefined) return { came: 'refused', code: 'over' };
  const { status } = await ana.submit({ ...page, body }, 'revoke', { note: 'no more' });
  if (status >= 400) return { came: 'stopped' };
  await comesAbout(running, ({ grants }) => isOver(grants.get(grantId)));
  return { came: 'done' };
};

/** Which function a deed is done by. */
const whoseDeed = (deed: Deed): FunctionName => {
  if (deed.what === 'vend') return 'vend';
  if (deed.what === 'sweep') return 'sweeper';
  return deed.what === 'activate' || deed.what === 'end access' ? 'runner' : 'api';
};

/** Its function is killed at one of its calls, which is still done; the answer is seen by nobody. */
const interrupted = async (
  running: RunningStack,
  {
    deed,
    interruption,
    act,
  }: {
    readonly deed: Deed;
    readonly interruption: Interruption | undefined;
    readonly act: () => Promise<Came>;
  },
): Promise<Came> => {
  const name = whoseDeed(deed);
  let calls = 0;
  running.watchCalls(({ role }) => {
    if (role !== name) return;
    calls += 1;
    if (interruption && calls === Math.ceil(interruption.point / 2)) functionOf(running, name).kill();
  });
  try {
    return await act();
  } finally {
    running.watchCalls(undefined);
  }
};

const rolesOf = async (running: RunningStack): Promise<readonly string[]> => {
  const superuser = await running.stack().postgres.asSuperuser('postgres');
  const { rows } = await superuser.query<{ name: string }>(
    "SELECT rolname AS name FROM pg_roles WHERE starts_with(rolname, 'lk_')",
  );
  await superuser.end();
  return rows.map(({ name }) => grantOfDatabaseUser(name));
};

/** Of MySQL, where there is one. */
const usersOf = async (running: RunningStack): Promise<readonly string[]> => {
  const root = await running.stack().servers.get(KIND_ACCESS.mysql.request.resource)?.asRoot?.();
  if (!root) return [];
  const [rows] = await root
    .query<RowDataPacket[]>("SELECT User FROM mysql.user WHERE User LIKE 'lk\\_%'")
    .finally(() => root.end());
  const { grants } = lookAt(await running.items('grants'));
  // Its names are too short for a whole id.
  const owners = new Map([...grants.keys()].map((id) => [mysqlUser(id), id]));
  return rows.map(({ User }) => owners.get(User) ?? User);
};

const meant = ({ kind, key }: ContainmentScope): ContainmentScope => ({
  kind,
  key: RESOURCES.find(([sample]) => sample === key)?.[1] ?? key,
});

const lookAt = (items: readonly Item[], since = 0): Look => {
  const tasks = new Map<string, Task>();
  const grants = new Map<string, Grant>();
  const dueAt = new Map<string, number>();
  const containments = new Map<string, Containment>();
  for (const item of items) {
    const [sort = '', at] = [item.sk?.S, item.dueAt?.N];
    const task = sort === 'TASK' ? readTaskItem(item as Parameters<typeof readTaskItem>[0]) : undefined;
    const grant = sort.startsWith('GRANT#')
      ? readGrantItem(item as Parameters<typeof readGrantItem>[0])
      : undefined;
    const stop =
      item.pk?.S === CONTAINMENTS ? readStopItem(item as Parameters<typeof readStopItem>[0]) : undefined;
    if (stop && stop.placed.at >= since) containments.set(stop.id, { ...stop, scope: meant(stop.scope) });
    const state = task ?? grant;
    if (!state || state.createdAt < since) continue;
    if (task) tasks.set(task.id, task);
    if (grant) grants.set(grant.id, grant);
    if (at !== undefined && item.due?.S) dueAt.set(state.id, Number(at));
  }
  return { tasks, grants, dueAt, containments };
};
