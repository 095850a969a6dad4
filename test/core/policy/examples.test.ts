import assert from 'node:assert/strict';
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
    principal: { type: 'agent', name: 'sales-analyst' },
    groups: undefined,
    action: 'postgres:connect',
    resource: 'orders-db',
    durationSeconds: 900,
    expect: 'needs_approval(1)',
    because: [],
  } as const;
  const [report] = runExamples([example], config, createEngine(config));
  assert.deepEqual(report?.mistakes, ['is allowed with 1 approval and not with 2.']);
});
