import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ConfigFiles } from '../../../lambdas/core/config/config-files.ts';
import { ANY_ACCESS, assertOneMistake, compiled, mistakes, VALID } from '../../support/config-text.ts';

const [RAILS, ...OTHERS] = VALID.policies;
const ID = '@id("prod-needs-approval") @reason("r")';
const PROD = `${ID} forbid (principal, ${ANY_ACCESS}, resource in Env::"prod") unless { context.approvals >= 1 };`;
const UNBOUNDED_ID = '@id("no-unbounded-writes") @reason("r")';
const UNBOUNDED = `${UNBOUNDED_ID} forbid (principal, action == Action::"postgres:write", resource)
  when { context has run && !context.run.bounded };`;

const withRails = (text: string): ConfigFiles => ({
  ...VALID,
  policies: [{ file: 'guard-rails.cedar', text }, ...OTHERS],
});

const FILE = 'policies/guard-rails.cedar';

/** What can change something or leaves Latchkey: every action but masked reading. */
const GUARDED = [
  ...['postgres:connect', 'aws:assume', 'ssh:connect', 'eks:connect', 'mysql:connect'],
  ...['postgres:write', 'postgres:ddl'],
];

test('guard rails that are missing refuse the configuration, unless a setting says that they are removed', () => {
  const without = { ...VALID, policies: OTHERS };
  const found = mistakes(without);
  assert.deepEqual(
    found.map(({ file, path }) => [file, path]),
    [[FILE, '']],
  );
  for (const { message } of found) assert.match(message, /missing.*"guardRails": "removed"/);
  const examples = VALID.examples.replace('needs_approval(1)', 'allow');
  assert.ok(compiled({ ...without, examples, guardRails: 'removed' }));
});

test('a guard rail in another file guards nothing, and its id is free', () => {
  const moved = {
    ...VALID,
    policies: [{ file: 'guard-rails.cedar', text: UNBOUNDED }, { file: 'mine.cedar', text: PROD }, ...OTHERS],
  };
  const told = mistakes(moved).map(({ message }) => /`(\w+:\w+)` into prod/.exec(message)?.[1]);
  assert.deepEqual(told, GUARDED);
  const text = RAILS?.text ?? '';
  assert.ok(compiled(withRails(text.replace('prod-needs-approval', 'people-first'))));
});

const inEnvironments = (environments: string, unguarded: string): ConfigFiles => ({
  ...VALID,
  resources: VALID.resources
    .replace('environments: [staging, prod]', `environments: ${environments}`)
    .replace('unguarded: [staging]', unguarded),
});

test('a new environment is guarded until the file says that it is not', () => {
  const files = inEnvironments('[staging, prod, production]', 'unguarded: [staging]');
  const moved = { ...files, resources: files.resources.replace('env: prod', 'env: production') };
  const examples = VALID.examples.replace('needs_approval(1)', 'allow');
  for (const unrailed of [files, { ...moved, examples }]) {
    const found = mistakes(unrailed).map(({ file, message }) => [
      file,
      /let `(.*)` into production .*`forbid .*in Env::"production".*"unguarded" in resources.yaml/.exec(
        message,
      )?.[1],
    ]);
    assert.deepEqual(
      found,
      GUARDED.map((action) => [FILE, action]),
    );
  }
  const open = moved.resources.replace('unguarded: [staging]', 'unguarded: [staging, production]');
  assert.ok(compiled({ ...moved, resources: open, examples }));
  const railed = PROD.replace('prod-needs-approval', 'production-too').replace('"prod"', '"production"');
  assert.ok(compiled({ ...moved, policies: withRails(`${RAILS?.text} ${railed}`).policies }));
});

test('a file that names nothing unguarded has everything guarded', () => {
  const said = mistakes(inEnvironments('[staging, prod]', '')).map(({ message }) => message);
  assert.equal(said.length, GUARDED.length);
  for (const message of said) assert.match(message, /into staging without an approval/);
});

test('what is called unguarded must be an environment', () => {
  assertOneMistake(inEnvironments('[staging, prod]', 'unguarded: [stagin]'), {
    file: 'resources.yaml',
    path: 'unguarded[0]',
    message: /must be one of "environments"\. Did you mean "staging"/,
  });
});

const lets = (rails: string, message: RegExp) => {
  const found = mistakes(withRails(rails));
  assert.ok(
    found.some((mistake) => mistake.file === FILE && message.test(mistake.message)),
    `${rails} ${JSON.stringify(found)}`,
  );
};

test('a guard rail that keeps its id and lets somebody through is refused', () => {
  for (const hollow of [
    'forbid (principal, ACCESS, resource in Env::"staging") unless { context.approvals >= 1 };',
    'forbid (principal, ACCESS, resource in Env::"prod") unless { context.approvals >= 0 };',
    'permit (principal, ACCESS, resource in Env::"prod") when { context.approvals >= 1 };',
    'forbid (principal is Agent, ACCESS, resource in Env::"prod") unless { context.approvals >= 1 };',
    'forbid (principal in Group::"data-crew", ACCESS, resource in Env::"prod") unless { context.approvals >= 1 };',
    'forbid (principal, ACCESS, resource in Env::"prod") unless { context.approvals >= 1 || principal in Group::"sre" };',
    'forbid (principal, ACCESS, resource in Env::"prod") unless { context.approvals >= 1 || principal == Agent::"sales-analyst" };',
    'forbid (principal, ACCESS, resource in Env::"prod") unless { context.approvals >= 1 || resource == Resource::"billing-db" };',
    'forbid (principal, ACCESS, resource == Resource::"billing-db") unless { context.approvals >= 1 };',
    'forbid (principal, ACCESS, resource in Env::"prod") unless { context.approvals >= 1 || context.durationSeconds <= 60 };',
  ])
    lets(
      `${UNBOUNDED} ${ID} ${hollow.replace('ACCESS', ANY_ACCESS)}`,
      /The guard rails let `postgres:connect` into prod/,
    );
});

test('what guards a grant and not the runs under it is refused, for such a grant is given to anybody', () => {
  for (const loophole of [
    'context has run',
    'context has run && context.run.bounded',
    'context has run && context.run.verb == "insert"',
    'context has run && context.run.tables.contains("public.scratch")',
    'context has run && context.run.columns.contains("note")',
    'context has run && context.run has estimatedRows && context.run.estimatedRows <= 10',
    'context has run && context.run has estimatedRows && context.run.estimatedRows > 10',
    'context has run && context.run.usedByTask.runs > 0',
    'context has run && context.durationSeconds > 60',
  ])
    lets(
      `${UNBOUNDED} ${PROD.replace('>= 1', `>= 1 || (${loophole})`)}`,
      /The guard rails let `postgres:write` into prod/,
    );
});

test('each action that leaves Latchkey or changes something is guarded; reads may go unattended', () => {
  for (const action of ['connect', 'write', 'ddl'])
    lets(
      `${UNBOUNDED} ${PROD.replace(new RegExp(`Action::"postgres:${action}"(, )?`), '').replace(', ]', ']')}`,
      new RegExp(`The guard rails let \`postgres:${action}\` into prod`),
    );
  assert.ok(compiled(withRails(`${UNBOUNDED} ${PROD.replace('Action::"postgres:read", ', '')}`)));
});

test('a rail against unbounded writes that lets one through somewhere is refused', () => {
  for (const hollow of [
    'forbid (principal, action == Action::"postgres:ddl", resource) when { context has run && !context.run.bounded };',
    'forbid (principal, action == Action::"postgres:write", resource in Env::"prod") when { context has run && !context.run.bounded };',
    'forbid (principal is Agent, action == Action::"postgres:write", resource) when { context has run && !context.run.bounded };',
    'forbid (principal, action == Action::"postgres:write", resource) when { context has run && context.run.bounded };',
    'forbid (principal, action == Action::"postgres:write", resource) when { context has run && !context.run.bounded && context.run.verb == "delete" };',
    'forbid (principal, action == Action::"postgres:write", resource) when { context has run && !context.run.bounded } unless { resource == Resource::"orders-db" };',
    'permit (principal, action == Action::"postgres:write", resource) when { context has run && !context.run.bounded };',
  ])
    lets(`${PROD} ${UNBOUNDED_ID} ${hollow}`, /let a write that names no rows through/);
});

const BESIDE_PEOPLE = [
  'context.durationSeconds == 900',
  '(principal in Group::"data-crew" && !(principal in Group::"support-crew"))',
  '(context has run && context.run.bounded)',
  '(context has run && context.run.usedByTask.rows == 7)',
  '(context has run && context.run has estimatedRows && context.run.estimatedRows == 5)',
  '(context has run && context.run.tables.containsAll(["public.a", "public.b"]))',
  '(context.durationSeconds > 300 && context.durationSeconds < 320)',
];

test('nothing but people lifts a guard rail, also where nobody would have tried', () => {
  const when = 'when { context.durationSeconds <= 300 || context.durationSeconds >= 7200 }';
  const into = (action: string) => new RegExp(`The guard rails (may )?let \`postgres:${action}\` into prod`);
  lets(`${UNBOUNDED} ${PROD.replace('unless', `${when} unless`)}`, into('connect'));
  for (const loophole of BESIDE_PEOPLE)
    lets(`${UNBOUNDED} ${PROD.replace('>= 1', `>= 1 || ${loophole}`)}`, into('write'));
  for (const loophole of BESIDE_PEOPLE) {
    const rail = UNBOUNDED.replace(' };', ` } unless { ${loophole} };`);
    lets(`${PROD} ${rail}`, /The guard rails (may )?let a write that names no rows through/);
  }
  const narrowed = UNBOUNDED.replace(' };', ' && context.durationSeconds != 777 };');
  assert.notEqual(narrowed, UNBOUNDED);
  lets(`${PROD} ${narrowed}`, /The guard rails (may )?let a write that names no rows through/);
});

test('what guards some callers or one resource each is no guard rail, for the next one is in none of them', () => {
  const each = ['Agent', 'Workload', 'Human'].map((type) =>
    PROD.replace('prod-needs-approval', `for-${type.toLowerCase()}`).replace(
      '(principal,',
      `(principal is ${type},`,
    ),
  );
  const named = PROD.replace('resource in Env::"prod"', 'resource == Resource::"billing-db"');
  lets(`${UNBOUNDED} ${each.join(' ')} ${named}`, /The guard rails (may )?let `postgres:connect` into prod/);
});

test('stricter guard rails are welcome', () => {
  const strict = `${PROD.replace('>= 1', '>= 2')} ${UNBOUNDED_ID}
    forbid (principal, action in [Action::"postgres:write", Action::"postgres:ddl"], resource);
    @id("no-workloads") @reason("r") forbid (principal is Workload, action, resource);`;
  const examples = VALID.examples.replace('needs_approval(1)', 'needs_approval(2)');
  assert.ok(compiled({ ...withRails(strict), examples }));
  const among = 'context.approverGroups.contains(Group::"finance")';
  for (const people of [
    `context.approvals >= 1 && ${among}`,
    `${among} && context.durationSeconds <= 900 && context.approvals >= 1`,
    `context.approvals >= 3 || (context.approvals >= 1 && ${among})`,
  ])
    assert.ok(compiled(withRails(`${UNBOUNDED} ${PROD.replace('context.approvals >= 1', people)}`)), people);
  const everywhere = PROD.replace('resource in Env::"prod"', 'resource');
  const [staging = '', ...rest] = VALID.examples.split('expect: allow');
  const asked = [staging, ...rest].join('expect: needs_approval(1)');
  assert.ok(compiled({ ...withRails(`${UNBOUNDED} ${everywhere}`), examples: asked }));
});

test('a rail may let people agree to an unbounded write', () => {
  const asking = UNBOUNDED.replace(' };', ' } unless { context.approvals >= 2 };');
  assert.ok(compiled(withRails(`${PROD} ${asking}`)));
});
