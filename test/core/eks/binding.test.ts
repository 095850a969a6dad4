import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import {
  bindingName,
  emptyBinding,
  grantsOfBinding,
  isOnlyOf,
  stateOfBinding,
  subjectOf,
} from '../../../lambdas/core/eks/binding.ts';
import { RoleBinding } from '../../../lambdas/core/eks/kubernetes-objects.ts';
import { grantId, taskId } from '../../../lambdas/core/grant/ids.ts';

const GRANT = 'g_k3v9q2m7xw4b8r1nd6hz_5h2j7d9c1s0f';
const OTHER = 'g_k3v9q2m7xw4b8r1nd6hz_000000000000';
const PROFILE = {
  description: 'Logs',
  namespace: 'shop',
  role: { kind: 'Role', name: 'logs-reader' },
} as const;

/** As an API server would answer it. */
const stored = (change: object = {}, metadata: object = {}): RoleBinding => {
  const manifest = emptyBinding(GRANT, PROFILE);
  return RoleBinding.parse({
    ...manifest,
    subjects: [subjectOf(GRANT)],
    ...change,
    metadata: { ...manifest.metadata, uid: 'u', resourceVersion: '1', creationTimestamp: 'now', ...metadata },
  });
};

const stateOf = (binding: RoleBinding) => stateOfBinding(binding, GRANT, PROFILE);

test('a binding that we made is known as ours, before and after it is filled', () => {
  assert.equal(stateOf(stored()), 'whole');
  assert.equal(stateOf(stored({ subjects: [] })), 'empty');
  assert.equal(stateOf(stored({ subjects: undefined })), 'empty');
});

test('a binding that differs in anything is foreign', () => {
  const roleRef = emptyBinding(GRANT, PROFILE).roleRef;
  for (const [change, metadata] of [
    [{ roleRef: { ...roleRef, name: 'cluster-admin' } }],
    [{ roleRef: { ...roleRef, kind: 'ClusterRole' } }],
    [{ roleRef: { ...roleRef, apiGroup: '' } }],
    [{ subjects: [subjectOf(OTHER)] }],
    [{ subjects: [subjectOf(GRANT), subjectOf(OTHER)] }],
    [{ subjects: [{ ...subjectOf(GRANT), kind: 'Group' }] }],
    [{ subjects: [{ ...subjectOf(GRANT), namespace: 'shop' }] }],
    [{ subjects: [{ kind: 'User', name: subjectOf(GRANT).name }] }],
    [{}, { namespace: 'other' }],
    [{}, { name: 'latchkey-else' }],
    [{}, { labels: {} }],
    [{}, { labels: { ...emptyBinding(GRANT, PROFILE).metadata.labels, 'latchkey/grant': OTHER } }],
    [{}, { labels: { ...emptyBinding(GRANT, PROFILE).metadata.labels, more: 'x' } }],
  ])
    assert.equal(stateOf(stored(change, metadata)), 'foreign', JSON.stringify({ change, metadata }));
});

test('a binding has to do with every grant that its name, its label or its users tell of', () => {
  assert.deepEqual(grantsOfBinding(stored()), [GRANT]);
  assert.deepEqual(grantsOfBinding(stored({ subjects: [] }, { labels: {} })), [GRANT]);
  assert.deepEqual(grantsOfBinding(stored({}, { name: 'copy', labels: {} })), [GRANT]);
  assert.deepEqual(grantsOfBinding(stored({ subjects: [subjectOf(OTHER)] })), [GRANT, OTHER]);
  assert.deepEqual(grantsOfBinding(stored({ subjects: [] }, { name: 'latchkey-admin', labels: {} })), []);
  const group = { ...subjectOf(OTHER), kind: 'Group' };
  assert.deepEqual(grantsOfBinding(stored({ subjects: [group] }, { name: 'copy', labels: {} })), []);
});

test('only a binding that is for nobody else is taken away with a grant', () => {
  assert.ok(isOnlyOf(GRANT, stored({ subjects: [subjectOf(OTHER)] })), 'under its own name whatever it says');
  assert.ok(isOnlyOf(GRANT, stored({}, { name: 'copy' })));
  const people = { kind: 'Group', name: 'people' };
  assert.ok(!isOnlyOf(GRANT, stored({ subjects: [subjectOf(GRANT), people] }, { name: 'copy' })));
});

test('every grant has a name of its own that an API server takes, and is found again by it', () => {
  const bytes = fc.uint8Array({ minLength: 20, maxLength: 20 });
  fc.assert(
    fc.property(bytes, bytes, (task, own) => {
      const id = grantId(taskId(task), own);
      assert.match(bindingName(id), /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/);
      const bare = stored({ subjects: [] }, { name: bindingName(id), labels: {} });
      assert.deepEqual(grantsOfBinding(bare), [id]);
    }),
  );
});
