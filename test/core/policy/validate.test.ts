import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ANY_ACCESS, compiled, mistakes, withPolicy } from '../../support/config-text.ts';

const refuses = (policy: string, message: RegExp) => {
  const found = mistakes(withPolicy(`@id("p") @reason("r") ${policy};`));
  for (const { file, path } of found) assert.deepEqual([file, path], ['policies/extra.cedar', 'policy p']);
  assert.ok(
    found.some((mistake) => message.test(mistake.message)),
    JSON.stringify(found),
  );
};

test('an action, a type or an attribute that does not exist is refused with what was meant', () => {
  refuses(
    'permit (principal, action == Action::"postgres:reed", resource)',
    /did you mean `Action::"postgres:read"`/,
  );
  refuses(`permit (principal in Grp::"a", ${ANY_ACCESS}, resource)`, /Unrecognized entity type `Grp`/);
  refuses(`permit (principal, ${ANY_ACCESS}, resource) when { context.duration <= 900 }`, /not found/);
  refuses(`permit (principal, ${ANY_ACCESS}, resource) when { context.approvals >= "1" }`, /expected/i);
});

test('an environment, a resource or a principal that does not exist is refused: a forbid on it would protect nothing', () => {
  refuses('forbid (principal, action, resource in Env::"prd")', /Env::"prd"/);
  refuses(
    'forbid (principal, action, resource == Resource::"order-db")',
    /not in resources\.yaml.*Did you mean "orders-db"/,
  );
  refuses(
    'forbid (principal == Agent::"sales-analist", action, resource)',
    /not in principals\.yaml.*Did you mean "sales-analyst"/,
  );
  refuses('forbid (principal == Human::"sales-analyst", action, resource)', /not in principals\.yaml/);
  refuses('forbid (principal, action, resource) when { principal in [Agent::"nobody-here"] }', /nobody-here/);
});

test('names are exact: what looks like a pattern is a name that does not exist, or a group that nobody is in', () => {
  refuses(`permit (principal, ${ANY_ACCESS}, resource == Resource::"orders-.*")`, /never patterns/);
  refuses(`permit (principal, ${ANY_ACCESS}, resource == Resource::"*")`, /never patterns/);
  const files = withPolicy('@id("p") @reason("r") forbid (principal in Group::"data-.*", action, resource);');
  assert.ok(compiled(files));
});

test('a policy that can never apply is refused', () => {
  refuses(`permit (principal, ${ANY_ACCESS}, resource) when { 1 == 2 }`, /impossible/);
  refuses(
    `permit (principal in Resource::"orders-db", ${ANY_ACCESS}, resource)`,
    /impossible|unable to find/,
  );
});

test('a letter that only looks like another is refused', () => {
  const [first] = mistakes(
    withPolicy('@id("p") @reason("r") forbid (principal in Group::"dаta-crew", action, resource);'),
  );
  assert.match(first?.message ?? '', /mixed scripts/);
});

test('an attribute that no schema declares cannot stand in for a group', () => {
  refuses(`permit (principal, ${ANY_ACCESS}, resource) when { principal.isAdmin }`, /isAdmin/);
  refuses(
    `permit (principal, ${ANY_ACCESS}, resource) when { principal has isAdmin && principal.isAdmin }`,
    /impossible|isAdmin/,
  );
});

test('a permit that names no action in its head is refused, for it would unmask too', () => {
  for (const permit of [
    'permit (principal, action, resource)',
    'permit (principal in Group::"data-crew", action, resource == Resource::"orders-db")',
    'permit (principal, action, resource) when { context.durationSeconds <= 900 }',
    'permit (principal, action, resource) when { action == Action::"postgres:read" }',
    'permit (principal, action, resource) unless { action == Action::"unmask" }',
  ]) {
    const found = mistakes(withPolicy(`@id("p") @reason("r") ${permit};`));
    assert.deepEqual(
      found.map(({ file, path, message }) => [file, path, message.slice(0, 16)]),
      [['policies/extra.cedar', 'policy p', 'Name the actions']],
      permit,
    );
  }
});

test('a forbid need not name its actions, and one that then asks for too much is told why', () => {
  const forbid = '@id("p") @reason("r") forbid (principal is Workload, action, resource';
  assert.ok(compiled(withPolicy(`${forbid});`)));
  refuses(
    'forbid (principal, action, resource) unless { context.approvals >= 1 }',
    /`approvals` in context for Action::"unmask" not found.*name the actions\.$/,
  );
});

test('what is shown is permitted by naming unmask, and a category that does not exist is refused', () => {
  const unmask = (category: string) =>
    `permit (principal in Group::"desk", action == Action::"unmask", resource) when { context.category == Category::"${category}" }`;
  assert.ok(compiled(withPolicy(`@id("p") @reason("r") ${unmask('email')};`)));
  refuses(unmask('emial'), /Category::"emial"/);
});

test('what only one statement knows must be asked for behind a `has`, and only by actions that run', () => {
  refuses(`forbid (principal, ${ANY_ACCESS}, resource) when { context.run.bounded }`, /run/);
  refuses(
    `forbid (principal, ${ANY_ACCESS}, resource) when { context has run && context.run.estimatedRows > 5 }`,
    /estimatedRows/,
  );
  refuses('forbid (principal, action == Action::"unmask", resource) when { context has run }', /impossible/);
  const files = withPolicy(`@id("p") @reason("r") forbid (principal, ${ANY_ACCESS}, resource)
    when { context has run && context.run has estimatedRows && context.run.estimatedRows > 5 };`);
  assert.ok(compiled(files));
});
