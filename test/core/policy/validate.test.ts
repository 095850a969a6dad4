import assert from 'node:assert/strict';
import { test } from 'node:test';
import { compiled, mistakes, withPolicy } from '../../support/config-text.ts';

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
    'permit (principal, action == Action::"postgres:conect", resource)',
    /did you mean `Action::"postgres:connect"`/,
  );
  refuses('permit (principal in Grp::"a", action, resource)', /Unrecognized entity type `Grp`/);
  refuses('permit (principal, action, resource) when { context.duration <= 900 }', /not found/);
  refuses('permit (principal, action, resource) when { context.approvals >= "1" }', /expected/i);
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
  refuses('permit (principal, action, resource == Resource::"orders-.*")', /never patterns/);
  refuses('permit (principal, action, resource == Resource::"*")', /never patterns/);
  const files = withPolicy('@id("p") @reason("r") forbid (principal in Group::"data-.*", action, resource);');
  assert.ok(compiled(files));
});

test('a policy that can never apply is refused', () => {
  refuses('permit (principal, action, resource) when { 1 == 2 }', /impossible/);
  refuses('permit (principal in Resource::"orders-db", action, resource)', /impossible|unable to find/);
});

test('a letter that only looks like another is refused', () => {
  const [first] = mistakes(
    withPolicy('@id("p") @reason("r") forbid (principal in Group::"dаta-crew", action, resource);'),
  );
  assert.match(first?.message ?? '', /mixed scripts/);
});

test('an attribute that no schema declares cannot stand in for a group', () => {
  refuses('permit (principal, action, resource) when { principal.isAdmin }', /isAdmin/);
  refuses(
    'permit (principal, action, resource) when { principal has isAdmin && principal.isAdmin }',
    /impossible|isAdmin/,
  );
});
