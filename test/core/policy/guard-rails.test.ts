import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ConfigFiles } from '../../../lambdas/core/config/config-files.ts';
import { assertOneMistake, compiled, mistakes, VALID } from '../../support/config-text.ts';

const [RAILS, ...OTHERS] = VALID.policies;
const ID = '@id("prod-needs-approval") @reason("r")';

const withRails = (text: string): ConfigFiles => ({
  ...VALID,
  policies: [{ file: 'guard-rails.cedar', text }, ...OTHERS],
});

const FILE = 'policies/guard-rails.cedar';

test('guard rails that are missing refuse the configuration, unless a setting says that they are removed', () => {
  const without = { ...VALID, policies: OTHERS };
  assertOneMistake(without, {
    file: FILE,
    path: 'policy prod-needs-approval',
    message: /missing.*"guardRails": "removed"/,
  });
  const examples = VALID.examples.replace('needs_approval(1)', 'allow');
  assert.ok(compiled({ ...without, examples, guardRails: 'removed' }));
});

test('the id of a guard rail in another file, or a similar one, is not the guard rail', () => {
  const text = RAILS?.text ?? '';
  const moved = { ...VALID, policies: [...OTHERS, { file: 'mine.cedar', text }] };
  assertOneMistake(moved, { file: FILE, path: 'policy prod-needs-approval', message: /missing/ });
  const renamed = withRails(text.replace('prod-needs-approval', 'prod-needs-approva'));
  assertOneMistake(renamed, { file: FILE, path: 'policy prod-needs-approval', message: /missing/ });
});

test('a guard rail that keeps its id and lets somebody through is refused', () => {
  for (const hollow of [
    'forbid (principal, action, resource in Env::"staging") unless { context.approvals >= 1 };',
    'forbid (principal, action, resource in Env::"prod") unless { context.approvals >= 0 };',
    'permit (principal, action, resource in Env::"prod") when { context.approvals >= 1 };',
    'forbid (principal is Agent, action, resource in Env::"prod") unless { context.approvals >= 1 };',
    'forbid (principal in Group::"data-crew", action, resource in Env::"prod") unless { context.approvals >= 1 };',
    'forbid (principal, action, resource in Env::"prod") unless { context.approvals >= 1 || principal in Group::"sre" };',
    'forbid (principal, action, resource in Env::"prod") unless { context.approvals >= 1 || principal == Agent::"sales-analyst" };',
    'forbid (principal, action, resource in Env::"prod") unless { context.approvals >= 1 || resource == Resource::"billing-db" };',
    'forbid (principal, action, resource == Resource::"billing-db") unless { context.approvals >= 1 };',
    'forbid (principal, action, resource in Env::"prod") unless { context.approvals >= 1 || context.durationSeconds <= 60 };',
  ]) {
    const [mistake] = mistakes(withRails(`${ID} ${hollow}`));
    assert.match(mistake?.message ?? '', /The guard rails let `postgres:connect` into prod/, hollow);
  }
});

test('stricter guard rails are welcome', () => {
  const strict = `${ID} forbid (principal, action, resource in Env::"prod") unless { context.approvals >= 2 };
    @id("no-workloads") @reason("r") forbid (principal is Workload, action, resource);`;
  const examples = VALID.examples.replace('needs_approval(1)', 'needs_approval(2)');
  assert.ok(compiled({ ...withRails(strict), examples }));
});
