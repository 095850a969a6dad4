import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { Approval, Asked } from '../../../lambdas/core/approval/approval.ts';
import {
  digestOf,
  grantedHashOf,
  resourceDigestOf,
  statementText,
} from '../../../lambdas/core/approval/digest.ts';
import { isBoundTo, outcomeOf } from '../../../lambdas/core/approval/outcome.ts';
import { NOW, RESOURCE } from '../../support/facts.ts';
import { ASKED, after, DORA, isGrantedApproval, PENDING, voteOf, WAITING } from '../../support/votes.ts';

const WITH_ALL: Asked = {
  ...ASKED,
  statements: [
    {
      mac: 'ab'.repeat(32),
      class: 'read',
      verb: 'select',
      bounded: true,
      tables: ['public.customers'],
      times: 1,
    },
  ],
  planHash: 'cd'.repeat(32),
  planUntil: NOW + 60_000,
};

/** Paths of every leaf of a value, as JSON has them. */
const leavesOf = (value: unknown, path: readonly string[] = []): string[][] =>
  typeof value === 'object' && value !== null
    ? Object.entries(value).flatMap(([name, inner]) => leavesOf(inner, [...path, name]))
    : [[...path]];

const changedAt = (value: unknown, [name, ...rest]: readonly string[], to: unknown): unknown => {
  if (name === undefined) return to;
  const copy: Record<string, unknown> = {
    ...(Array.isArray(value) ? Object.fromEntries(value.entries()) : (value as object)),
  };
  copy[name] = changedAt(copy[name], rest, to);
  return Array.isArray(value) ? Object.values(copy) : copy;
};

test('any change of any field of what is asked makes another digest', () => {
  const leaves = leavesOf(WITH_ALL);
  assert.ok(leaves.length > 25);
  const digest = digestOf(WITH_ALL);
  fc.assert(
    fc.property(fc.constantFrom(...leaves), fc.jsonValue(), (path, to) => {
      const changed = changedAt(WITH_ALL, path, to) as Asked;
      const isSame = JSON.stringify(changed) === JSON.stringify(WITH_ALL);
      assert.equal(digestOf(changed) === digest, isSame, path.join('.'));
    }),
    { numRuns: 500 },
  );
});

test('a field that is left out, added or moved makes another digest', () => {
  const digest = digestOf(WITH_ALL);
  for (const name of Object.keys(WITH_ALL)) {
    const without = Object.fromEntries(Object.entries(WITH_ALL).filter(([one]) => one !== name));
    assert.notEqual(digestOf(without as unknown as Asked), digest, name);
  }
  assert.notEqual(digestOf({ ...WITH_ALL, further: 1 } as Asked), digest);
  assert.notEqual(digestOf({ ...WITH_ALL, groups: [...WITH_ALL.groups, 'dba'] }), digest);
});

test('the order of keys makes no difference', () => {
  const turned = Object.fromEntries(Object.entries(WITH_ALL).reverse()) as unknown as Asked;
  assert.equal(digestOf(turned), digestOf(WITH_ALL));
});

test('what is given has a hash of its own, over the digest too', () => {
  const granted = { action: 'postgres:read', seconds: 600 } as const;
  const hash = grantedHashOf('a', granted);
  assert.notEqual(grantedHashOf('b', granted), hash);
  assert.notEqual(grantedHashOf('a', { ...granted, seconds: 601 }), hash);
  assert.notEqual(grantedHashOf('a', { ...granted, action: 'postgres:write' }), hash);
});

test('any change of a resource makes another digest', () => {
  const digest = resourceDigestOf(RESOURCE);
  assert.notEqual(resourceDigestOf({ ...RESOURCE, description: 'other' }), digest);
  assert.notEqual(resourceDigestOf({ ...RESOURCE, target: { ...RESOURCE.target, port: 5433 } }), digest);
});

test('bytes, parameters and the number of rows of a statement cannot be moved from one to the other', () => {
  const statement = { sql: 'SELECT 1', params: ['a', null], maxRows: 10 };
  const texts = [
    statement,
    { ...statement, sql: 'SELECT 1 ' },
    { ...statement, params: ['a'] },
    { ...statement, params: ['a', 'null'] },
    { ...statement, params: [null, 'a'] },
    { ...statement, params: ['a,null'] },
    { ...statement, maxRows: 11 },
  ].map(statementText);
  assert.equal(new Set(texts).size, texts.length);
});

const APPROVED = after(PENDING, voteOf(DORA));
assert.ok(isGrantedApproval(APPROVED));

test('what is stored and was changed is a mismatch, whatever has become of it', () => {
  const all: readonly Approval[] = [
    PENDING,
    APPROVED,
    { ...APPROVED, state: 'consumed' },
    after(PENDING, voteOf(DORA, { decision: 'deny', granted: undefined })),
  ];
  for (const approval of all) {
    assert.notEqual(outcomeOf(approval, NOW).kind, 'mismatch');
    const tampered = { ...approval, asked: { ...approval.asked, seconds: 601 } };
    assert.equal(outcomeOf(tampered, NOW).kind, 'mismatch');
    assert.equal(outcomeOf({ ...approval, digest: digestOf(tampered.asked) }, NOW).kind, 'mismatch');
    const moved = { ...approval, id: 'a_00000000000000000000_10000000000000000000000000000000' };
    assert.equal(outcomeOf(moved, NOW).kind, 'mismatch');
  }
  assert.equal(outcomeOf(undefined, NOW).kind, 'mismatch');
});

test('what was given cannot become more', () => {
  const more = { ...APPROVED, granted: { ...APPROVED.granted, seconds: 3_600 } };
  assert.equal(outcomeOf(more, NOW).kind, 'mismatch');
  assert.equal(outcomeOf({ ...more, grantedHash: '0'.repeat(64) }, NOW).kind, 'mismatch');
});

test('what was decided is late when nobody decided, or nobody used it, in time', () => {
  assert.equal(outcomeOf(PENDING, ASKED.approveBy - 1).kind, 'waiting');
  assert.equal(outcomeOf(PENDING, ASKED.approveBy).kind, 'late');
  assert.equal(outcomeOf(APPROVED, APPROVED.useBy - 1).kind, 'granted');
  assert.equal(outcomeOf(APPROVED, APPROVED.useBy).kind, 'late');
});

test('consent is bound to one grant or run of one caller in one task, and to nothing else', () => {
  const subject = { kind: 'grant', id: WAITING.id } as const;
  assert.ok(isBoundTo(ASKED, WAITING, subject));
  assert.ok(!isBoundTo(ASKED, WAITING, { kind: 'run', id: WAITING.id }));
  assert.ok(!isBoundTo(ASKED, WAITING, { ...subject, id: `${WAITING.id}x` }));
  for (const change of [
    { id: 'g_other' },
    { task: 't_other' },
    { resource: 'billing-db' },
    { principal: { ...WAITING.principal, subject: 'other-crew' } },
    { principal: { ...WAITING.principal, name: 'other' } },
  ])
    assert.ok(!isBoundTo(ASKED, { ...WAITING, ...change }, subject), JSON.stringify(change));
});
