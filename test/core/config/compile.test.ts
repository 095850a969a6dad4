import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { readConfig } from '../../../bin/read-config.ts';
import { compileConfig } from '../../../lambdas/core/config/compile.ts';
import { CONFIG_PARTS, type FunctionName } from '../../../lambdas/core/config/compiled.ts';
import { configFor } from '../../../lambdas/core/config/config-part.ts';
import { digestOf } from '../../../lambdas/core/config/digest.ts';
import {
  ANY_ACCESS,
  assertOneMistake,
  compiled,
  edited,
  mistakes,
  VALID,
  withPolicy,
} from '../../support/config-text.ts';

test('the configuration under config/ compiles', () => {
  const result = compileConfig(readConfig('config'));
  assert.deepEqual(result.ok ? [] : result.errors, []);
});

test('the digest is of the content: comments and the order of keys and files do not change it, a value does', () => {
  const { digest } = compiled();
  const sameThing = {
    ...edited('resources', 'resources:', '# a comment\nresources:'),
    policies: VALID.policies.toReversed(),
  };
  assert.match(digest, /^[0-9a-f]{64}$/);
  assert.equal(compiled(sameThing).digest, digest);
  assert.notEqual(compiled(edited('resources', 'port: 5432', 'port: 5433')).digest, digest);
  assert.notEqual(compiled(edited('principals', 'subject: crew-1', 'subject: crew-2')).digest, digest);
});

test('a digest never depends on the order in which keys were written', () => {
  const shuffled = (value: unknown): unknown => {
    if (Array.isArray(value)) return value.map(shuffled);
    if (typeof value !== 'object' || value === null) return value;
    return Object.fromEntries(
      Object.entries(value)
        .toReversed()
        .map(([key, part]) => [key, shuffled(part)]),
    );
  };
  const content = fc.dictionary(fc.string({ unit: 'grapheme' }), fc.jsonValue());
  fc.assert(
    fc.property(content, (value) => assert.equal(digestOf({ value }), digestOf({ value: shuffled(value) }))),
  );
});

test('what was compiled cannot be changed', () => {
  const config = compiled();
  assert.throws(() => Object.assign(config, { digest: '' }), TypeError);
  assert.throws(() => Object.assign(config.resources[0]?.target ?? {}, { host: '' }), TypeError);
});

test('each function is given the parts it is listed with, under the one digest', () => {
  const config = compiled();
  for (const [name, parts] of Object.entries(CONFIG_PARTS)) {
    const part = configFor(name as FunctionName, config);
    assert.deepEqual(Object.keys(part).toSorted(), parts.toSorted());
    assert.equal(part.digest, config.digest);
  }
  assert.ok(!('policies' in configFor('vend', config)));
});

test('mistakes of several files are told at once, each with its file', () => {
  const files = {
    ...edited('resources', 'port: 5432', 'port: no'),
    issuers: 'issuers: []',
    examples: 'examples',
  };
  const found = new Set(mistakes(files).map(({ file }) => file));
  assert.deepEqual(found, new Set(['issuers.yaml', 'resources.yaml', 'examples.yaml']));
});

test('the groups are those of principals and of policies, for approvers may be known from their tokens alone', () => {
  const files = withPolicy(
    `@id("dba") @reason("A DBA must agree.")
     forbid (principal, ${ANY_ACCESS}, resource == Resource::"billing-db") unless { context.approverGroups.contains(Group::"dba") };`,
  );
  assert.deepEqual(compiled(files).groups, ['data-crew', 'dba']);
});

test('without a file of policies there is nothing but guard rails, and everything is denied', () => {
  const files = {
    ...VALID,
    policies: VALID.policies.slice(0, 1),
    examples:
      'examples: [{ agent: sales-analyst, action: postgres:connect, resource: orders-db, durationSeconds: 60, expect: deny }]',
  };
  assert.deepEqual(
    compiled(files).policies.map(({ file }) => file),
    ['guard-rails.cedar', 'guard-rails.cedar'],
  );
});

test('an id that two policies share is refused, across files too', () => {
  assertOneMistake(withPolicy('@id("data-crew") @reason("Twice.") permit (principal, action, resource);'), {
    file: 'policies/extra.cedar',
    path: 'policy data-crew',
    message: /taken by a policy in data-crew\.cedar/,
  });
});

test('an example that does not hold refuses the configuration and says what policy answers', () => {
  assertOneMistake(edited('examples', 'expect: allow', 'expect: deny'), {
    file: 'examples.yaml',
    path: 'examples[0]',
    message: /expects deny, but policy says allow because of data-crew/,
  });
});
