import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { createEngine } from '../../../lambdas/core/policy/engine.ts';
import { runExamples } from '../../../lambdas/core/policy/examples.ts';
import { assertOneMistake, compiled, VALID } from '../../support/config-text.ts';

const LINE =
  '{ agent: sales-analyst, action: postgres:connect, resource: orders-db, durationSeconds: 900, expect: allow }';
const withExample = (line: string) => ({ ...VALID, examples: `examples:\n  - ${line}` });

const holds = (from: string, to: string) => compiled(withExample(LINE.replace(from, to)));
const fails = (from: string, to: string, message: RegExp, path = 'examples[0]') =>
  assertOneMistake(withExample(LINE.replace(from, to)), { file: 'examples.yaml', path, message });

test('an example is asked as a request would be: groups from principals.yaml, or from the token it imagines', () => {
  holds('allow', 'allow');
  holds('agent: sales-analyst', 'human: rosa, groups: [data-crew]');
  holds('agent: sales-analyst', 'workload: deployer, groups: [data-crew]');
  fails(
    'sales-analyst,',
    'sales-analyst, groups: [],',
    /expects allow, but policy says deny because of no policy/,
  );
});

test('every verdict can be expected, and another one does not hold', () => {
  holds(
    'orders-db, durationSeconds: 900, expect: allow',
    'billing-db, durationSeconds: 900, expect: needs_approval(1)',
  );
  holds('900, expect: allow', '901, expect: deny');
  fails(
    'orders-db',
    'billing-db',
    /policy says needs_approval\(1\) because of data-crew, prod-needs-approval/,
  );
  fails('expect: allow', 'expect: needs_approval(1)', /expects needs_approval\(1\), but policy says allow/);
});

test('a policy that is said to be behind the verdict must be', () => {
  holds('allow', 'allow, because: [data-crew]');
  fails(
    'allow',
    'allow, because: [prod-needs-approval]',
    /expects prod-needs-approval to be behind the verdict/,
  );
  fails('allow', 'allow, because: [data-crw]', /the policy "data-crw".*Did you mean "data-crew"/);
});

test('an example about what does not exist is refused, for it would hold for ever', () => {
  fails('sales-analyst', 'sales-analist', /the agent "sales-analist".*Did you mean "sales-analyst"/);
  fails('agent', 'human', /the human "sales-analyst"/);
  fails('postgres:connect', 'postgres:conect', /the action "postgres:conect"/);
  fails('orders-db', 'orders', /the resource "orders"/);
});

test('an example says one caller and nothing unknown', () => {
  fails('agent: sales-analyst', 'groups: []', /one caller/, 'examples[0].agent');
  fails('agent: sales-analyst', 'agent: sales-analyst, human: x', /one caller/, 'examples[0].agent');
  fails('expect: allow', 'expect: allow, reason: x', /not a key here/, 'examples[0].reason');
  fails('expect: allow', 'expect: needs_approval(6)', /must be one of/, 'examples[0].expect');
  fails('expect: allow', 'expect: maybe', /must be one of/, 'examples[0].expect');
});

test('an example also fails when more people would take away what fewer had', () => {
  const once = {
    id: 'once',
    reason: 'r',
    file: 'x.cedar',
    text: 'permit (principal, action, resource) when { context.approvals == 1 };',
  };
  const config = { ...compiled(), policies: [once] };
  const example = {
    kind: 'access',
    principal: { type: 'agent', name: 'sales-analyst' },
    groups: undefined,
    action: 'postgres:connect',
    resource: 'orders-db',
    durationSeconds: 900,
    run: undefined,
    expect: 'deny',
    because: [],
  } as const;
  const [report] = runExamples([example], config, createEngine(config));
  assert.deepEqual(report?.mistakes, ['is allowed with 1 approval and not with 2.']);
});

const RUNS = withExample(
  '{ human: rosa, groups: [ops], action: postgres:write, resource: orders-db, durationSeconds: 900, run: { class: write }, expect: allow, because: [ops] }',
);
const OPS = {
  file: 'ops.cedar',
  text: `@id("ops") @reason("r") permit (principal in Group::"ops", action == Action::"postgres:write", resource)
    when { context has run && context.run.verb == "update" && context.run.tables.isEmpty() };
    @id("desk") @reason("r") permit (principal in Group::"desk", action == Action::"unmask", resource == Resource::"orders-db")
    when { context.category == Category::"email" };`,
};
const ofRun = (from: string, to: string) => {
  assert.ok(RUNS.examples.includes(from), from);
  return { ...RUNS, policies: [...VALID.policies, OPS], examples: RUNS.examples.replace(from, to) };
};
const runFails = (from: string, to: string, message: RegExp, path = 'examples[0]') =>
  assertOneMistake(ofRun(from, to), { file: 'examples.yaml', path, message });

test('an example of a run is the commonest statement of its class, but for what it says', () => {
  compiled(ofRun('allow', 'allow'));
  compiled(ofRun('class: write', 'class: write, verb: update, bounded: true, tables: [], functions: []'));
  const deny = (run: string) =>
    compiled(ofRun('run: { class: write }, expect: allow, because: [ops]', `run: ${run}, expect: deny`));
  deny('{ class: write, verb: delete }');
  deny('{ class: write, tables: [public.orders] }');
  runFails('class: write', 'class: write, bounded: false', /policy says deny because of no-unbounded-writes/);
});

test('without a run the same example asks for the grant, of which no statement is known', () => {
  runFails('run: { class: write }, ', '', /expects allow, but policy says deny/);
});

test('a run is asked for under the action of its class, and under no other', () => {
  runFails(
    'class: write',
    'class: read',
    /a run of class read, which is asked for under postgres:read and not postgres:write/,
  );
  runFails(
    'action: postgres:write',
    'action: postgres:connect',
    /under postgres:write and not postgres:connect/,
  );
  runFails('action: postgres:write', 'action: postgres:wrte', /Did you mean "postgres:write"/);
  runFails('class: write', 'class: truncate', /must be one of: read, write, ddl/, 'examples[0].run.class');
  runFails('class: write', 'class: write, table: x', /not a key here/, 'examples[0].run.table');
  runFails(
    'class: write',
    'class: write, tables: [orders]',
    /with their schema/,
    'examples[0].run.tables[0]',
  );
  runFails('class: write', 'class: write, estimatedRows: -1', /at least 0/, 'examples[0].run.estimatedRows');
});

const SEES =
  '{ human: rosa, groups: [desk], unmask: email, resource: orders-db, expect: allow, because: [desk] }';
const ofSight = (from: string, to: string) => ({
  ...ofRun('', ''),
  examples: withExample(SEES.replace(from, to)).examples,
});
const sightFails = (from: string, to: string, message: RegExp, path = 'examples[0]') =>
  assertOneMistake(ofSight(from, to), { file: 'examples.yaml', path, message });

test('an example may ask what is shown as it is, and is denied unless a policy names the category', () => {
  compiled(ofSight('allow', 'allow'));
  sightFails('unmask: email', 'unmask: card', /expects allow, but policy says deny because of no policy/);
  sightFails('[desk], unmask', '[], unmask', /policy says deny/);
  sightFails('because: [desk]', 'because: [ops]', /expects ops to be behind the verdict/);
});

test('a category that does not exist is refused with what was meant', () => {
  sightFails(
    'unmask: email',
    'unmask: emial',
    /the category "emial", which does not exist\. Did you mean "email"/,
  );
});

test('seeing has no action, no duration, no run and nobody to approve it', () => {
  sightFails(
    'unmask: email',
    'unmask: email, action: postgres:read',
    /"action" must go/,
    'examples[0].action',
  );
  sightFails(
    'unmask: email',
    'unmask: email, durationSeconds: 9',
    /"durationSeconds" must go/,
    'examples[0].durationSeconds',
  );
  sightFails('unmask: email', 'unmask: email, run: { class: read }', /"run" must go/, 'examples[0].run');
  sightFails(
    'expect: allow',
    'expect: needs_approval(1)',
    /"expect" must be allow or deny/,
    'examples[0].expect',
  );
  fails('action: postgres:connect, ', '', /"action" is missing/, 'examples[0].action');
  fails(', durationSeconds: 900', '', /"durationSeconds" is missing/, 'examples[0].durationSeconds');
});

const CLUSTER = `
  - id: shop-cluster
    kind: eks
    description: Cluster
    env: staging
    actions: [eks:connect]
    maxDurationSeconds: 3600
    target:
      account: "111122223333"
      region: eu-central-1
      cluster: shop
      endpoint: https://ABC.gr7.eu-central-1.eks.amazonaws.com
      roleArn: arn:aws:iam::111122223333:role/latchkey-target-shop-cluster
      externalId: latchkey-shop
      profiles:
        reader: { description: Reads, namespace: shop, role: { kind: Role, name: reader } }
        editor: { description: Edits, namespace: shop, role: { kind: Role, name: editor } }
      tls: { ca: { file: shop.pem } }
`;
const PERMIT = `
@id("readers") @reason("Readers read.")
permit (principal in Group::"data-crew", action == Action::"eks:connect", resource == Resource::"shop-cluster")
when { context has profile && context.profile == "reader" };`;
const ASK = LINE.replace('postgres:connect, resource: orders-db', 'eks:connect, resource: shop-cluster');

const withCluster = (line: string) => ({
  ...withExample(line),
  resources: VALID.resources.trimEnd() + CLUSTER,
  policies: [...VALID.policies, { file: 'readers.cedar', text: PERMIT }],
  certificates: new Map([['shop.pem', readFileSync('config/shop-cluster.pem', 'utf8')]]),
});

test('an example of a resource with profiles says which, and policy is told of it', () => {
  compiled(withCluster(ASK.replace('durationSeconds', 'profile: reader, durationSeconds')));
  compiled(
    withCluster(ASK.replace('durationSeconds', 'profile: editor, durationSeconds').replace('allow', 'deny')),
  );
  const refused = (line: string, message: RegExp) =>
    assertOneMistake(withCluster(line), { file: 'examples.yaml', path: 'examples[0]', message });
  refused(ASK, /names no profile of shop-cluster: add one of reader, editor/);
  refused(
    ASK.replace('durationSeconds', 'profile: raeder, durationSeconds'),
    /the profile "raeder".*Did you mean "reader"/,
  );
  fails('durationSeconds', 'profile: reader, durationSeconds', /the profile "reader"/);
});
