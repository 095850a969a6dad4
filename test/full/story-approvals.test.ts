import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { type ConsoleVisitor, consoleVisitor, wordsOf } from '../../bin/console-visitor.ts';
import type { PersonName } from '../../examples/people/people.ts';
import { SLACK_ACTIONS } from '../../lambdas/core/slack/button-value.ts';
import { PostgresCredentialView } from '../../lambdas/http/credential-schemas.ts';
import { PlanView, RunView } from '../../lambdas/http/run-schemas.ts';
import { GrantView, ProblemView } from '../../lambdas/http/schemas.ts';
import { ASKS, endTask, newTask, readGrant, requestAccess, runSql, until, vend } from '../e2e/asks.ts';
import { type Canary, findCanaries } from '../e2e/canaries.ts';
import { type Caller, type RunningStack, runStack } from '../e2e/running-stack.ts';

let running: RunningStack;
let crew: Caller;
before(async () => {
  running = await runStack();
  crew = await running.caller('sales-crew');
});
after(() => running.remove());

const CANARIES = ['asked-in-production-kq', 'second-of-plan-kq'];
const UPDATE = `UPDATE invoices SET paid = length('asked-in-production-kq') > 3 WHERE id = 1`;

const visitorFor = (login: PersonName): ConsoleVisitor =>
  consoleVisitor({
    login,
    password: running.stack().issuer.passwordOf(login),
    ca: running.stack().certPem,
  });

const billing = (action: string, change: object = {}) => ({ resource: 'billing-db', action, ...change });

const askForGrant = async (task: string, action: string, change: object = {}, headers?: { prefer: string }) =>
  GrantView.parse((await crew.ask(requestAccess(task, billing(action, change), headers))).json);

const urlOf = (thing: { readonly approval?: { readonly url: string } | undefined }): string => {
  assert.ok(thing.approval, 'nobody was asked');
  return thing.approval.url;
};

/** A poll that waits, as a crew would. */
const poll = async (path: string) => (await crew.ask({ method: 'GET', path: `${path}?wait=20` })).json;

const NO_WAIT = { prefer: 'wait=0' };

test('a bounded update of production waits, is shown whole, and runs once after a yes, whoever waits for it', async () => {
  const task = await newTask(crew);
  const grant = await askForGrant(task, 'postgres:write');
  const asked = await crew.ask(runSql(grant.id, UPDATE));
  const run = RunView.parse(asked.json);
  assert.deepEqual([asked.status, run.state, run.approval?.quorum], [202, 'pending_approval', 1]);
  const message = await until(async () =>
    running
      .stack()
      .slack.messages()
      .find((one) => JSON.stringify(one).includes(run.approval?.id ?? '?')),
  );
  assert.ok(!JSON.stringify(message).includes('asked-in-production-kq'), 'a message shows no statement');
  const ana = visitorFor('ana.silva');
  const page = await ana.open(urlOf(run));
  assert.match(
    wordsOf(page.body),
    /UPDATE invoices SET paid = length\('asked-in-production-kq'\) > 3 WHERE id = 1/,
  );
  const decided = await ana.submit(page, 'approve', { note: 'the reference was wrong' });
  assert.match(wordsOf(decided.body), /Approved/);
  const done = RunView.parse(await poll(`/v1/runs/${run.id}`));
  assert.deepEqual([done.state, done.rowCount, done.approval?.state], ['succeeded', 1, 'consumed']);
  assert.equal(done.approval?.note, 'the reference was wrong');
  const events = (await running.trail()).filter(({ event }) => 'run' in event && event.run === run.id);
  assert.equal(events.filter(({ event }) => event.type === 'run.started').length, 1);
});

test('a login is given as less than was asked, when somebody says so', async () => {
  const task = await newTask(crew);
  const grant = await askForGrant(task, 'postgres:connect', {}, NO_WAIT);
  const jonas = visitorFor('jonas.weber');
  const page = await jonas.open(urlOf(grant));
  await jonas.submit(page, 'approve', { action: 'postgres:read', seconds: '120' });
  const given = GrantView.parse(await poll(`/v1/grants/${grant.id}`));
  assert.deepEqual([given.state, given.action, given.requestedSeconds], ['active', 'postgres:read', 120]);
  const refused = await crew.ask(vend(grant.id));
  assert.equal(ProblemView.parse(refused.json).code, 'not_vended');
  assert.equal((await crew.ask(runSql(grant.id, 'SELECT count(*) FROM invoices'))).status, 200);
  await crew.ask(endTask(task));
});

test('an approved login works, and dies when a person revokes it', async () => {
  const task = await newTask(crew);
  const grant = await askForGrant(task, 'postgres:connect', {}, NO_WAIT);
  const ana = visitorFor('ana.silva');
  await ana.submit(await ana.open(urlOf(grant)), 'approve');
  GrantView.parse(await poll(`/v1/grants/${grant.id}`));
  const vended = await crew.ask(vend(grant.id));
  assert.equal(vended.status, 201, vended.text);
  PostgresCredentialView.parse(vended.json);
  const { origin } = new URL(urlOf(grant));
  const live = await ana.open(`${origin}/console/grants`);
  assert.ok(live.body.includes(grant.id));
  const form = { ...live, body: formAbout(live.body, grant.id) };
  await ana.submit(form, 'revoke', { note: 'enough' });
  assert.equal((await crew.ask(vend(grant.id))).status, 410, 'refused from the next read on');
  const ended = await until(async () => {
    const seen = GrantView.parse((await crew.ask(readGrant(grant.id))).json);
    return seen.ending?.status === 'dead' ? seen : undefined;
  });
  assert.deepEqual([ended.state, ended.cause], ['revoked', 'revoked_by_person']);
});

/** The form that is about one of several grants. */
const formAbout = (body: string, id: string): string => {
  const forms = [...body.matchAll(/<form[\s\S]*?<\/form>/g)].map(([form]) => form);
  return forms.find((form) => form.includes(id)) ?? '';
};

test('a no with its reason reaches the agent, and the owner has no say', async () => {
  const task = await newTask(crew);
  const grant = await askForGrant(task, 'postgres:connect', {}, NO_WAIT);
  const dana = visitorFor('dana.reyes');
  const own = wordsOf((await dana.open(urlOf(grant))).body);
  assert.match(own, /own request, or that of an agent you answer for/);
  assert.doesNotMatch(own, /Approve what is shown/);
  const outsider = await visitorFor('mallory').open(urlOf(grant));
  assert.equal(outsider.status, 403);
  assert.ok(!outsider.body.includes('billing'), 'whoever may not decide is shown nothing');
  const ana = visitorFor('ana.silva');
  await ana.submit(await ana.open(urlOf(grant)), 'deny', { note: 'ask for reads instead' });
  const denied = GrantView.parse(await poll(`/v1/grants/${grant.id}`));
  assert.deepEqual([denied.state, denied.denial], ['denied', 'denied_by_person']);
  assert.equal(denied.approval?.note, 'ask for reads instead');
});

test('a button of a message denies, where its account is known, and is heard once', async () => {
  const task = await newTask(crew);
  const grant = await askForGrant(task, 'postgres:connect', {}, NO_WAIT);
  const { slack } = running.stack();
  const id = grant.approval?.id ?? '';
  const message = await until(async () => slack.messages().find((one) => JSON.stringify(one).includes(id)));
  await slack.press(message.ts, SLACK_ACTIONS.deny, 'U0123STRANGER');
  assert.equal(GrantView.parse((await crew.ask(readGrant(grant.id))).json).state, 'pending_approval');
  await slack.press(message.ts, SLACK_ACTIONS.deny, 'U0123ANA');
  const denied = GrantView.parse(await poll(`/v1/grants/${grant.id}`));
  assert.equal(denied.denial, 'denied_by_person');
});

test('what nobody decides lapses in its time, and what is withdrawn asks nobody any more', async () => {
  const task = await newTask(crew);
  const [late, withdrawn] = await Promise.all([
    askForGrant(task, 'postgres:connect', { approvalSeconds: 5 }, NO_WAIT),
    askForGrant(task, 'postgres:connect', {}, NO_WAIT),
  ]);
  await crew.ask({ method: 'DELETE', path: `/v1/grants/${withdrawn.id}` });
  const ana = visitorFor('ana.silva');
  const page = await ana.open(urlOf(withdrawn));
  assert.doesNotMatch(wordsOf(page.body), /Approve what is shown/);
  const lapsed = GrantView.parse(await poll(`/v1/grants/${late.id}`));
  assert.deepEqual([lapsed.state, lapsed.cause], ['lapsed', 'nobody_approved']);
});

test('a plan is approved as one, each statement runs as often as it says, and nothing else does', async () => {
  const task = await newTask(crew);
  const { id: grant } = await askForGrant(task, 'postgres:write');
  const first = { sql: `UPDATE invoices SET paid = length('second-of-plan-kq') > 3 WHERE id = 2`, times: 1 };
  const second = { sql: 'UPDATE invoices SET paid = length($1) > 3 WHERE id = 3', params: ['x'], times: 2 };
  const third = { sql: 'DELETE FROM invoices WHERE id = 4' };
  const json = { grant, reason: 'mend three invoices', statements: [first, second, third] };
  const asked = await crew.ask({ method: 'POST', path: '/v1/plans', json });
  const plan = PlanView.parse(asked.json);
  assert.deepEqual([asked.status, plan.state], [202, 'pending']);
  const under = (
    { times: _, ...body }: { sql: string; params?: string[]; times?: number },
    more: object = {},
  ) =>
    crew.ask({ method: 'POST', path: `/v1/grants/${grant}/runs`, json: { ...body, ...more, plan: plan.id } });
  assert.equal((await under(first)).status, 409, 'nothing runs before a yes');
  const ana = visitorFor('ana.silva');
  const page = await ana.open(plan.approval.url);
  for (const { sql } of [first, second, third]) assert.ok(wordsOf(page.body).includes(sql));
  await ana.submit(page, 'approve');
  assert.equal(PlanView.parse(await poll(`/v1/plans/${plan.id}`)).state, 'approved');
  assert.equal((await under(first)).status, 200);
  assert.equal((await under(first)).status, 409, 'as often as it says');
  assert.equal((await under(second)).status, 200);
  assert.equal(
    (await under(second, { params: ['y'] })).status,
    409,
    'another parameter is another statement',
  );
  assert.equal((await under(second)).status, 200);
  await crew.ask({ method: 'DELETE', path: `/v1/plans/${plan.id}` });
  assert.equal((await under(third)).status, 409, 'revoked as a whole');
  const seen = PlanView.parse((await crew.ask(ASKS.readPlan({ task, grant, plan: plan.id }))).json);
  assert.equal(seen.state, 'cancelled');
});

test('whoever fetches a link without being a person changes nothing', async () => {
  const task = await newTask(crew);
  const grant = await askForGrant(task, 'postgres:connect', {}, NO_WAIT);
  const id = grant.approval?.id ?? '';
  // People are told, and the workflow waits: from here on nothing moves by itself.
  for (const pk of [`NOTICE#${id}`, `WAIT#${id}`])
    await until(async () => (await running.items('grants')).find((item) => item.pk?.S === pk));
  const before = JSON.stringify(await running.items('grants'));
  const { pathname } = new URL(urlOf(grant));
  for (let count = 0; count < 50; count += 1) {
    const fetched = await running
      .callerWith(undefined)
      .ask({ method: 'GET', path: pathname, headers: AGENTS });
    assert.equal(fetched.status, 303);
  }
  const head = await running.callerWith(undefined).ask({ method: 'HEAD', path: pathname });
  assert.ok(head.status >= 400);
  assert.equal(JSON.stringify(await running.items('grants')), before);
  await crew.ask(endTask(task));
});

const AGENTS = { 'user-agent': 'Slackbot-LinkExpanding 1.0 (+https://api.slack.com/robots)' };

test('the trail is whole, no function asked for more than it may, and nothing secret is anywhere', async () => {
  assert.deepEqual((await running.verifyTrail()).flaws, []);
  assert.deepEqual(running.refusals(), []);
  const { slack, aws, issuer } = running.stack();
  const canaries: Canary[] = [
    ...CANARIES.map((secret) => ({ of: 'a constant of a statement', secret })),
    { of: 'the secret of the console', secret: issuer.secretOf('latchkey-console') },
    { of: 'a password of a person', secret: issuer.passwordOf('ana.silva') },
    { of: 'a bearer token', secret: crew.token },
  ];
  const places = [
    { name: 'the grants', text: JSON.stringify(await running.items('grants')), holds: 'APPROVAL#' },
    { name: 'the trail', text: JSON.stringify(await running.items('audit')), holds: 'approval.voted' },
    { name: 'the logs', text: JSON.stringify(running.logs), holds: '/console/approvals/{id}' },
    { name: 'the workflows', text: JSON.stringify(aws.stepFunctions.executions()), holds: 'isAsked' },
    { name: 'the messages', text: JSON.stringify(slack.messages()), holds: 'blocks' },
  ];
  assert.deepEqual(findCanaries(places, canaries), []);
  const lines = running.logs.filter(({ line }) => /unexpected error|"level":"ERROR"/.test(line));
  assert.deepEqual(lines, []);
});
