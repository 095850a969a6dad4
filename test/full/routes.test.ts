import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { parseReceipt } from '../../lambdas/core/audit/chain.ts';
import { LIST_PAGE_MAX_ITEMS } from '../../lambdas/core/limits.ts';
import { ContainmentListView } from '../../lambdas/http/containment-schemas.ts';
import { FORMS, type OperationForm } from '../../lambdas/http/operations.ts';
import { PROBLEMS } from '../../lambdas/http/problem-catalogue.ts';
import { type Operation, ROUTES, type Route } from '../../lambdas/http/routes.ts';
import {
  GrantListView,
  GrantView,
  ProblemView,
  type TaskListView,
  TaskView,
} from '../../lambdas/http/schemas.ts';
import {
  ASKS,
  endTask,
  idOf,
  newActive,
  newPlan,
  newRun,
  newTask,
  openTask,
  readGrant,
  release,
  requestAccess,
  runSql,
  type Things,
  until,
  vend,
} from '../e2e/asks.ts';
import { assertProblem } from '../e2e/problems.ts';
import type { RawAnswer } from '../e2e/raw-call.ts';
import { type Ask, type Caller, type RunningStack, runStack } from '../e2e/running-stack.ts';

let running: RunningStack;
let crew: Caller;
let other: Caller;
/** Two people, who may stop access and lift what the other has stopped. */
let ana: Caller;
let jonas: Caller;
before(async () => {
  running = await runStack();
  [crew, other] = await Promise.all([running.caller('sales-crew'), running.caller('other-crew')]);
  [ana, jonas] = await Promise.all([running.person('ana.silva'), running.person('jonas.weber')]);
});
after(() => running.remove());

/** Some routes are for people alone. */
const callerOf = (name: Route['function']): Caller => (name === 'containment' ? ana : crew);

/** What the call costs in calls to AWS, by the function that answers it. */
const measured = async (name: Route['function'], ask: Ask): Promise<[RawAnswer, string[]]> => {
  const start = running.awsCalls.length;
  const answer = await callerOf(name).ask(ask);
  const calls = running.awsCalls.slice(start).filter(({ role }) => role === name);
  return [answer, calls.map(({ action }) => action.replace(/^\w+:/, ''))];
};

/** How often it looked at what it waits for depends on the machine; that it looked at all does not. */
const withOneLook = (calls: readonly string[]): string[] =>
  calls.filter((call, index) => call !== 'GetItem' || calls[index - 1] !== 'GetItem');

const WAITING: ReadonlySet<Operation> = new Set<Operation>(['releaseGrant', 'requestRun', 'readContainment']);

const NOTHING: Things = { task: '', grant: '' };

const PEOPLES: ReadonlySet<Operation> = new Set<Operation>(
  ROUTES.filter(({ function: name }) => name === 'containment').map(({ operation }) => operation),
);

/** One that the other person has placed. Its first pass is over, which is an entry of the same chain, and so its rival. */
const newContainment = async (): Promise<Things> => {
  const task = await newTask(crew);
  const containment = idOf(await jonas.ask(ASKS.contain({ ...NOTHING, task: `another ${task}` })));
  await until(async () => {
    const listed = await ana.ask(ASKS.listContainments(NOTHING));
    const { containments } = ContainmentListView.parse(listed.json);
    return containments.every(({ passes }) => passes > 0) || undefined;
  });
  return { ...NOTHING, task, containment };
};

const thingsFor = async (operation: Operation): Promise<Things> => {
  if (operation === 'renewTask')
    return { ...NOTHING, task: idOf(await crew.ask(openTask({ name: 'leased', leaseSeconds: 600 }))) };
  // Also for a request: the first run of a task makes its key.
  if (['requestRun', 'readRun', 'cancelRun', 'requestPlan'].includes(operation)) return newRun(running, crew);
  if (operation === 'readPlan' || operation === 'endPlan') return newPlan(running, crew);
  if (PEOPLES.has(operation)) return newContainment();
  const needsGrant = ['readGrant', 'vendCredential', 'releaseGrant'].includes(operation);
  return { ...NOTHING, ...(needsGrant ? await newActive(running, crew) : { task: await newTask(crew) }) };
};

const assertForm = (route: Route, form: OperationForm, answer: RawAnswer): void => {
  const schema = form.answers[answer.status];
  assert.ok(schema, `${route.operation} answered ${answer.status}: ${answer.text}`);
  // What the schema does not know, it leaves out: so equality says that nothing undocumented is sent.
  assert.deepEqual(schema.parse(answer.json), answer.json, route.operation);
  assert.equal(answer.headers['content-type'], 'application/json');
  assert.equal(answer.headers['cache-control'], 'no-store');
  assert.equal(answer.headers['x-content-type-options'], 'nosniff');
  assert.ok(parseReceipt(answer.headers['latchkey-audit'] ?? ''), `${route.operation} gave no receipt`);
};

for (const route of ROUTES) {
  test(`${route.method} ${route.path} answers as it is documented, in as many calls to AWS as it says`, async () => {
    const form: OperationForm = FORMS[route.operation];
    const ask = ASKS[route.operation];
    await callerOf(route.function).ask(ask(await thingsFor(route.operation)));
    const [answer, calls] = await measured(route.function, ask(await thingsFor(route.operation)));
    assertForm(route, form, answer);
    const counted = WAITING.has(route.operation) ? withOneLook(calls) : calls;
    assert.equal(counted.length, route.awsCalls, calls.join(', '));
  });
}

test('a vend is one read and one transaction', async () => {
  const { grant } = await newActive(running, crew);
  const [, calls] = await measured('vend', vend(grant));
  assert.deepEqual(calls, ['BatchGetItem', 'TransactWriteItems']);
});

test('a run is decided, sealed, committed and started, looked at, and released on one more read', async () => {
  const { grant } = await newActive(running, crew, { action: 'postgres:read' });
  const [, first] = await measured('api', runSql(grant, 'SELECT 1'));
  const [answer, calls] = await measured('api', runSql(grant, 'SELECT 1'));
  const [decides, seals] = [['BatchGetItem', 'GetItem'], 'PutObject'];
  const follows = ['TransactWriteItems', 'StartExecution', 'GetItem', 'BatchGetItem', 'GetItem', 'GetObject'];
  assert.deepEqual(withOneLook(first), [...decides, 'PutItem', seals, ...follows]);
  assert.deepEqual(withOneLook(calls), [...decides, seals, ...follows]);
  const [, read] = await measured('reader', { method: 'GET', path: `/v1/runs/${idOf(answer)}` });
  assert.deepEqual(read, ['BatchGetItem', 'GetItem', 'GetObject']);
});

test('each live grant adds four calls to the end of its task', async () => {
  const { task } = await newActive(running, crew);
  const [, calls] = await measured('api', endTask(task));
  const ofGrant = ['GetItem', 'TransactWriteItems', 'GetItem', 'SendTaskSuccess'];
  const settling = ['GetItem', 'TransactWriteItems', 'GetItem'];
  assert.deepEqual(withOneLook(calls), ['GetItem', 'TransactWriteItems', 'Query', ...ofGrant, ...settling]);
});

test('without a token that could be one, no route wakes a function, and the answer says how to come back', async () => {
  const { token } = crew;
  const [head, payload] = token.split('.');
  const refused = [
    {},
    { authorization: '' },
    { authorization: 'Bearer' },
    { authorization: 'Bearer not.a-token' },
    { authorization: token },
    { authorization: `Basic ${token}` },
    { authorization: `DPoP ${token}` },
    { authorization: `Bearer ${token} ${token}` },
    { authorization: `Bearer ${head}.${payload}.` },
    { 'x-authorization': `Bearer ${token}` },
  ];
  const [calls, lines] = [running.awsCalls.length, running.logs.length];
  const nobody = running.callerWith(undefined);
  for (const route of ROUTES)
    for (const headers of refused) {
      const ask = ASKS[route.operation]({ task: 't_x', grant: 'g_x' });
      const answer = await nobody.ask({ ...ask, headers: { ...ask.headers, ...headers } });
      const problem = assertProblem(answer, 401, 'token_refused');
      assert.equal(answer.headers['www-authenticate'], 'Bearer realm="latchkey"');
      assert.equal(problem.detail, PROBLEMS.token_refused.remedy);
    }
  assert.deepEqual(
    running.awsCalls.slice(calls).filter(({ role }) => role !== 'waiter'),
    [],
  );
  assert.deepEqual(
    running.logs.slice(lines).filter(({ function: name }) => name === 'latchkey-authorizer'),
    [],
  );
});

test('what is no route is a problem too, for whoever asks', async () => {
  const asks: Ask[] = [
    { method: 'GET', path: '/' },
    { method: 'GET', path: '/v1' },
    { method: 'GET', path: '/v2/me' },
    { method: 'GET', path: '/v1/me/' },
    { method: 'GET', path: '/v1/Me' },
    { method: 'PUT', path: '/v1/tasks' },
    { method: 'OPTIONS', path: '/v1/tasks' },
    { method: 'HEAD', path: '/v1/me' },
    { method: 'POST', path: '/v1/runs' },
    { method: 'PUT', path: '/v1/runs/r_x' },
    { method: 'DELETE', path: '/v1/plans' },
    { method: 'TRACE', path: '/v1/me' },
  ];
  for (const ask of asks)
    for (const who of [crew, running.callerWith(undefined)]) {
      const answer = await who.ask(ask);
      if (ask.method === 'HEAD') assert.equal(answer.status, 404);
      else assertProblem(answer, 404, 'unknown_route');
    }
});

test('a wait that was asked for by header is confirmed as it was honoured', async () => {
  const { grant } = await newActive(running, crew);
  const applied = async (prefer: string, path = `/v1/grants/${grant}`) =>
    (await crew.ask({ method: 'GET', path, headers: { prefer } })).headers['preference-applied'];
  assert.equal(await applied('wait=5'), 'wait=5');
  assert.equal(await applied('respond-async, Wait = 5'), 'wait=5');
  assert.equal(await applied('wait=86400'), 'wait=20', 'nothing takes longer than the gateway allows');
  assert.equal(await applied('wait=0'), undefined);
  assert.equal(await applied('wait=soon'), undefined, 'a preference that is not understood is no preference');
  assert.equal(await applied('return=minimal'), undefined);
  assert.equal(await applied('wait=5', '/v1/me'), undefined);
  const asked = await crew.ask(requestAccess(await newTask(crew)));
  assert.equal(asked.headers['preference-applied'], 'wait=20');
  assert.equal(GrantView.parse(asked.json).state, 'active');
});

test('an answer that is not final says where to look and when', async () => {
  const task = await newTask(crew);
  const preparing = await crew.ask(requestAccess(task, {}, {}));
  const pending = await crew.ask(requestAccess(task, { resource: 'billing-db' }, { prefer: 'wait=1' }));
  for (const answer of [preparing, pending]) {
    assert.equal(answer.status, 202);
    assert.equal(answer.headers['retry-after'], '2');
    const location = answer.headers.location ?? '';
    const found = await crew.ask({ method: 'GET', path: `${location}?wait=1` });
    assert.equal(found.status, 200);
    assert.equal(idOf(found), idOf(answer));
  }
  const { approval } = GrantView.parse(pending.json);
  assert.equal(approval?.quorum, 1);
  const early = assertProblem(await crew.ask(vend(idOf(pending))), 409, 'grant_pending');
  assert.ok(early.retryable && early.retryAfterSeconds === 2);
});

test('whatever was made, also a denial, is where the answer says it is', async () => {
  const task = await crew.ask(openTask());
  assert.equal(task.headers.location, `/v1/tasks/${idOf(task)}`);
  const denied = await other.ask(requestAccess(await newTask(other)));
  const problem = assertProblem(denied, 403, 'policy_denied');
  assert.deepEqual(
    problem.determinedBy?.map(({ id }) => id),
    ['support-crew-not-on-orders'],
  );
  const found = await other.ask({ method: 'GET', path: denied.headers.location ?? '' });
  assert.deepEqual(found.json, problem.grant);
  assert.equal(GrantView.parse(found.json).state, 'denied');
  assert.deepEqual(
    await other.ask({ method: 'GET', path: problem.next?.href ?? '' }).then((a) => a.status),
    200,
  );
});

test('a key makes a request that may be repeated: once done, always the same thing, as it is today', async () => {
  const key = { 'idempotency-key': 'try-1', prefer: 'wait=20' };
  const opened = await crew.ask({ ...openTask(), headers: key });
  assert.equal(idOf(await crew.ask({ ...openTask(), headers: key })), idOf(opened));
  const task = idOf(opened);
  const asked = await crew.ask(requestAccess(task, {}, { ...key, 'idempotency-key': 'try-2' }));
  const grant = idOf(asked);
  await crew.ask(release(grant));
  const again = await crew.ask(requestAccess(task, {}, { ...key, 'idempotency-key': 'try-2' }));
  assert.equal(again.status, 201);
  assert.deepEqual(again.json, (await crew.ask(readGrant(grant))).json);
  assert.equal(GrantView.parse(again.json).state, 'released');
  const changed = await crew.ask(
    requestAccess(task, { durationSeconds: 601 }, { ...key, 'idempotency-key': 'try-2' }),
  );
  assertProblem(changed, 422, 'idempotency_mismatch');
  assertProblem(await crew.ask(requestAccess(task, {}, key)), 422, 'idempotency_mismatch');
});

test('a key belongs to whoever used it', async () => {
  const headers = { 'idempotency-key': 'ours?' };
  const mine = idOf(await crew.ask({ ...openTask(), headers }));
  assert.notEqual(idOf(await other.ask({ ...openTask({ name: 'another' }), headers })), mine);
});

test('the same request twice at once makes one thing', async () => {
  const headers = { 'idempotency-key': 'both', prefer: 'wait=20' };
  const task = await newTask(crew);
  const answers = await Promise.all(
    Array.from({ length: 5 }, () => crew.ask(requestAccess(task, {}, headers))),
  );
  assert.deepEqual(
    answers.map(({ status }) => status),
    [201, 201, 201, 201, 201],
  );
  assert.equal(new Set(answers.map(idOf)).size, 1);
  const { grants } = TaskView.parse((await crew.ask({ method: 'GET', path: `/v1/tasks/${task}` })).json);
  assert.equal(grants?.length, 1);
});

test('without a key two requests are two', async () => {
  const task = await newTask(crew);
  const answers = await Promise.all([crew.ask(requestAccess(task)), crew.ask(requestAccess(task))]);
  assert.equal(new Set(answers.map(idOf)).size, 2);
});

test('lists are of the caller alone, newest first, and lose nothing between pages', async () => {
  const made = new Set<string>();
  for (let count = 0; count <= LIST_PAGE_MAX_ITEMS; count += 1) made.add(await newTask(crew));
  const seen: TaskListItem[] = [];
  let next: string | undefined = '';
  for (let pages = 0; next !== undefined && pages < 10; pages += 1) {
    const page: TaskList = listOf(
      await crew.ask({ method: 'GET', path: `/v1/tasks${next ? `?cursor=${next}` : ''}` }),
    );
    assert.ok(page.tasks.length <= LIST_PAGE_MAX_ITEMS);
    seen.push(...page.tasks);
    next = page.next;
  }
  const ids = seen.map(({ id }) => id);
  assert.equal(new Set(ids).size, ids.length);
  assert.deepEqual(new Set(ids.slice(0, made.size)), made);
  const times = seen.map(({ createdAt }) => createdAt);
  assert.deepEqual(times, times.toSorted().reverse());
});

type TaskList = ReturnType<typeof TaskListView.parse>;
type TaskListItem = TaskList['tasks'][number];
const listOf = ({ json }: RawAnswer) => FORMS.listTasks.answers[200].parse(json);

test('a cursor of someone else gives nothing of theirs', async () => {
  const { next } = listOf(await crew.ask({ method: 'GET', path: '/v1/tasks' }));
  assert.ok(next);
  const theirs = listOf(await other.ask({ method: 'GET', path: `/v1/tasks?cursor=${next}` }));
  const own = new Set(
    listOf(await other.ask({ method: 'GET', path: '/v1/tasks' })).tasks.map(({ id }) => id),
  );
  assert.ok(own.size > 0 && theirs.tasks.every(({ id }) => own.has(id)));
  const grants = GrantListView.parse((await other.ask({ method: 'GET', path: '/v1/grants' })).json).grants;
  assert.ok(grants.length > 0 && grants.every(({ task }) => own.has(task)));
});

test('the served description knows every route and refers to nothing that it lacks', async () => {
  const { text, json } = await crew.ask({ method: 'GET', path: '/v1/openapi.json' });
  const { paths, components } = json as { paths: Record<string, object>; components: object };
  const described = Object.entries(paths).flatMap(([path, methods]) =>
    Object.keys(methods).map((method) => `${method.toUpperCase()} ${path}`),
  );
  assert.deepEqual(described.toSorted(), ROUTES.map(({ method, path }) => `${method} ${path}`).toSorted());
  for (const [, name = ''] of text.matchAll(/"\$ref":"#\/components\/([^"]+)"/g)) {
    const found = name
      .split('/')
      .reduce<unknown>((at, key) => (at as Record<string, unknown>)?.[key], components);
    assert.ok(found, name);
  }
});

test('every problem that was answered is explained where its type points', async () => {
  const problems = running.answers.filter(
    ({ ask, answer }) => ask.method !== 'HEAD' && answer.headers['content-type']?.includes('problem'),
  );
  const types = new Map(
    problems.map(({ answer }) => {
      const { type, code, status } = ProblemView.parse(answer.json);
      return [type, { code, status }];
    }),
  );
  assert.ok(types.size >= 5);
  for (const [type, { code, status }] of types) {
    const { json } = await crew.ask({ method: 'GET', path: type });
    assert.deepEqual(json, { code, ...PROBLEMS[code as keyof typeof PROBLEMS] });
    assert.equal(PROBLEMS[code as keyof typeof PROBLEMS].status, status);
  }
});
