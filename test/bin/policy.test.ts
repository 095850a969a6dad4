import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { UsageError } from '../../bin/command-line.ts';
import { explainPolicy } from '../../bin/explain-policy.ts';
import { testPolicy } from '../../bin/test-policy.ts';
import { writeConfig } from '../support/config-directory.ts';
import { edited, VALID, withPolicy } from '../support/config-text.ts';
import { runCommand } from '../support/run-command.ts';
import { RUNNING, runningWith, sees } from '../support/running-config.ts';

const policy = (...args: readonly string[]) => runCommand(['bin/policy.ts', ...args]);
const CONFIG = writeConfig(VALID);
const QUESTION = [
  '--action',
  'postgres:connect',
  '--resource',
  'billing-db',
  '--duration',
  '900',
  '--config',
  CONFIG,
];

test('examples that hold are plain lines in a pipe, without colour, and exit code 0', async () => {
  assert.deepEqual(await policy('test', '--config', CONFIG), {
    code: 0,
    out: [
      'holds\tagent sales-analyst\tpostgres:connect\torders-db\t900\tallow\tdata-crew',
      'holds\tagent sales-analyst\tpostgres:connect\tbilling-db\t900\tneeds_approval(1)\tdata-crew, prod-needs-approval',
      '2 examples hold.',
      '',
    ].join('\n'),
    err: '',
  });
});

test('an example that does not hold is shown with its reason and ends with exit code 1', async () => {
  const run = await policy(
    'test',
    '--config',
    writeConfig(edited('examples', 'expect: allow', 'expect: deny')),
  );
  assert.equal(run.code, 1);
  assert.match(run.out, /^fails\tagent sales-analyst/);
  assert.match(
    run.out,
    /examples\[0\] expects deny, but policy says allow because of data-crew\.\n1 of 2 examples do not hold\./,
  );
});

test('a configuration that is not sound is refused with file, place and mend before any example is asked', async () => {
  const broken = writeConfig(
    withPolicy('@id("p") @reason("r") forbid (principal, action, resource in Env::"prd");'),
  );
  const run = await policy('test', '--config', broken);
  assert.equal(run.code, 1);
  assert.equal(run.out, '');
  assert.ok(run.err.startsWith(`${broken}/policies/extra.cedar: policy p: Entity \`Env::"prd"\``), run.err);
  assert.doesNotMatch(run.err, /\n\s+at /);
});

test('an explanation names the quorum and the policies with their reasons and text', async () => {
  const owners = '[data-crew]\n    owners: [{ name: Dana, issuer: https://id.example.com, subject: dana }]';
  const owned = writeConfig(edited('principals', '[data-crew]', owners));
  const { code, out } = await policy('explain', '--agent', 'sales-analyst', ...QUESTION.with(-1, owned));
  assert.equal(code, 0);
  assert.match(out, /^Yes, once 1 person has approved\./);
  assert.match(out, /Allowed by\n {2}data-crew: The data crew may\.\n {2}policies\/data-crew\.cedar\n/);
  assert.match(out, /People are asked for by\n {2}prod-needs-approval: Production needs a person\./);
  assert.match(out, /unless \{ context\.approvals >= 1 \};/);
});

test('an explanation is the decision of the API, not of policy alone: without an owner nobody can approve', async () => {
  const { out } = await policy('explain', '--agent', 'sales-analyst', ...QUESTION);
  assert.match(out, /^No: people would have to approve, but principals\.yaml names no owner/);
});

test('for programs the explanation is JSON, with the groups of a token in place of those of principals.yaml', async () => {
  const { out } = await policy(
    'explain',
    '--human',
    'rosa',
    '--groups',
    'data-crew,other',
    '--json',
    ...QUESTION,
  );
  const answer = JSON.parse(out);
  assert.equal(answer.answer, 'needs_approval(1)');
  assert.deepEqual(answer.determinedBy, [
    { id: 'data-crew', reason: 'The data crew may.', file: 'data-crew.cedar', text: VALID.policies[1]?.text },
  ]);
});

test('a caller, resource or duration that cannot be is refused with what was probably meant', async () => {
  const refuses = (args: readonly string[], hint: RegExp) =>
    assert.rejects(explainPolicy(args), (error) => error instanceof UsageError && hint.test(error.message));
  await refuses(['--agent', 'sales-analist', ...QUESTION], /Did you mean sales-analyst\?/);
  await refuses(['--agent', 'sales-analyst', ...QUESTION.with(3, 'billing')], /Did you mean billing-db\?/);
  await refuses(['--agent', 'sales-analyst', ...QUESTION.with(5, '15m')], /--duration must be/);
  await refuses(['--agent', 'a', '--human', 'b', ...QUESTION], /Name one caller/);
  await refuses(QUESTION, /Name one caller/);
});

test('a mistake in calling the command is one line, and exit code 2', async () => {
  const { code, out, err } = await policy('tets');
  assert.deepEqual([code, out], [2, '']);
  assert.match(err, /Did you mean test\?\nRun it with --help/);
});

test('help is shown when nothing is said', async () => {
  const { code, out } = await policy();
  assert.equal(code, 0);
  assert.match(out, /npm run policy -- explain --agent/);
});

const EXPLAINED = writeConfig(runningWith(sees('email')));
const OF_WRITE = '--action postgres:write --resource billing-db --duration 900';
const explainArguments = (question: string) => [
  ...['--agent', 'sales-analyst', '--config', EXPLAINED],
  ...question.split(' '),
];

/** What a command prints, without a process for it. */
const printed = async (t: TestContext, command: () => Promise<void>): Promise<string> => {
  const log = t.mock.method(console, 'log', () => undefined);
  await command();
  log.mock.restore();
  return log.mock.calls
    .map(({ arguments: said }: { readonly arguments: readonly unknown[] }) => said.join(' '))
    .join('\n');
};
const explained = (t: TestContext, question: string) =>
  printed(t, () => explainPolicy(explainArguments(question)));

test('an explanation of a grant of runs says that it is given, and whom each run is asked of', async (t) => {
  assert.match(
    await explained(t, OF_WRITE),
    /^Yes, without asking anybody\.\nEach run is then asked for by itself, and 1 person has to approve it/,
  );
});

test('an explanation of a run is the answer to its own statement', async (t) => {
  const bounded = await explained(t, `${OF_WRITE} --run-class write --tables public.invoices,public.lines`);
  assert.match(bounded, /^Yes, once 1 person has approved\./);
  assert.match(bounded, /postgres:write \(update, bounded, public\.invoices, public\.lines\) on billing-db/);
  const unbounded = await explained(t, `${OF_WRITE} --run-class write --unbounded`);
  assert.match(unbounded, /^No: no policy permits it/);
  assert.match(unbounded, /Denied by\n {2}no-unbounded-writes: Say which rows\./);
});

test('an explanation of seeing names the category and who permits it', async (t) => {
  const seen = await explained(t, '--unmask email --resource orders-db');
  assert.match(seen, /^Yes: email is shown as it is\.\n[\s\S]*Allowed by\n {2}sees: r\n/);
  const masked = await explained(t, '--unmask card --resource orders-db --json');
  assert.deepEqual(JSON.parse(masked), { answer: 'deny', determinedBy: [] });
});

test('flags that do not go together are refused with the mend', async () => {
  const refuses = (question: string, hint: RegExp) =>
    assert.rejects(
      explainPolicy(explainArguments(question)),
      (error) => error instanceof UsageError && hint.test(error.message),
    );
  await refuses(`${OF_WRITE} --unbounded`, /say --run-class too/);
  await refuses(`${OF_WRITE} --tables public.a`, /say --run-class too/);
  await refuses(`${OF_WRITE} --run-class read`, /asked for under postgres:read, not postgres:write/);
  await refuses(`${OF_WRITE} --run-class rite`, /Did you mean write/);
  await refuses(`${OF_WRITE} --unmask email`, /leave out --action/);
  await refuses('--unmask email --resource orders-db --unbounded', /leave out --unbounded/);
  await refuses('--unmask emial --resource orders-db', /Did you mean email/);
});

test('examples of runs and of seeing are told by what they ask', async (t) => {
  const asked = `
examples:
  - { agent: sales-analyst, action: postgres:write, resource: orders-db, durationSeconds: 60, run: { class: write, verb: delete, bounded: false, tables: [public.a], estimatedRows: 5 }, expect: deny }
  - { agent: sales-analyst, unmask: email, resource: orders-db, expect: deny }
`;
  const config = writeConfig({ ...RUNNING, examples: asked });
  const out = await printed(t, () => testPolicy(['--config', config]));
  assert.equal(
    out,
    [
      'holds\tagent sales-analyst\tpostgres:write (delete, unbounded, public.a, about 5 rows)\torders-db\t60\tdeny\tno-unbounded-writes',
      'holds\tagent sales-analyst\tunmask email\torders-db\t-\tdeny\t-',
      '2 examples hold.',
    ].join('\n'),
  );
});
