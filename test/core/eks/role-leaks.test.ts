import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Role } from '../../../lambdas/core/eks/kubernetes-objects.ts';
import { leaksOf } from '../../../lambdas/core/eks/role-leaks.ts';

const PROFILE = { description: 'x', namespace: 'shop', role: { kind: 'Role', name: 'r' } } as const;

const leaks = (rule: object, more: object = {}): readonly string[] =>
  leaksOf(
    Role.parse({ rules: [{ apiGroups: [''], resources: ['pods'], verbs: ['get'], ...rule }], ...more }),
    PROFILE,
  );

test('reading, and small changes that nothing runs from, are given', () => {
  for (const rule of [
    {},
    { verbs: ['get', 'list', 'delete', 'deletecollection'] },
    { resources: ['configmaps', 'events'], verbs: ['create', 'update', 'patch', 'delete'] },
    { resources: ['pods/status'] },
    { resources: ['pods/eviction'], verbs: ['create'] },
    { resources: ['serviceaccounts', 'namespaces'], verbs: ['get', 'list'] },
    { apiGroups: ['apps'], resources: ['deployments/scale'], verbs: ['get', 'update', 'patch'] },
    {
      apiGroups: ['rbac.authorization.k8s.io'],
      resources: ['roles', 'rolebindings'],
      verbs: ['get', 'list'],
    },
    { apiGroups: ['example.com'], resources: ['backups'], verbs: ['get', 'list', 'delete'] },
    { resourceNames: ['one'] },
  ])
    assert.deepEqual(leaks(rule), [], JSON.stringify(rule));
  assert.deepEqual(leaksOf(Role.parse({ rules: null }), PROFILE), []);
});

test('a stream that would outlive the grant is not given', () => {
  assert.deepEqual(leaks({ verbs: ['get', 'watch'] }), ['stream']);
  assert.deepEqual(leaks({ resources: ['pods/log'] }), ['stream']);
  for (const resource of ['pods/exec', 'pods/attach', 'pods/portforward', 'pods/proxy', 'services/proxy'])
    for (const verb of ['get', 'create'])
      assert.deepEqual(leaks({ resources: [resource], verbs: [verb] }), ['subresource'], resource);
});

test('logs are given only where configuration says that they may be followed', () => {
  const read = (rule: object) =>
    leaksOf(Role.parse({ rules: [{ apiGroups: [''], resources: ['pods/log'], verbs: ['get'], ...rule }] }), {
      ...PROFILE,
      mayFollowLogs: true,
    });
  assert.deepEqual(read({}), []);
  assert.deepEqual(read({ verbs: ['get', 'create'] }), ['stream']);
  assert.deepEqual(read({ resources: ['pods/exec'] }), ['subresource']);
  assert.deepEqual(read({ apiGroups: ['other'] }), ['subresource']);
});

test('nothing that reaches further than it says is given', () => {
  for (const rule of [
    { verbs: ['*'] },
    { resources: ['*'] },
    { apiGroups: ['*'] },
    { resources: ['*/scale'] },
    { resources: ['pods/*'] },
  ])
    assert.deepEqual(leaks(rule), ['wildcard'], JSON.stringify(rule));
  assert.deepEqual(leaks({ nonResourceURLs: ['/metrics'], apiGroups: [], resources: [] }), ['urls']);
  assert.deepEqual(leaks({}, { aggregationRule: { clusterRoleSelectors: [] } }), ['aggregated']);
  assert.deepEqual(leaks({}, { aggregationRule: {} }), ['aggregated']);
});

test('nobody becomes somebody else, nor gives what they have', () => {
  for (const verb of ['impersonate', 'escalate', 'bind', 'approve', 'sign', 'use', 'proxy', 'GET', 'connect'])
    assert.deepEqual(leaks({ verbs: [verb] }), ['verb'], verb);
  for (const resource of ['rolebindings', 'roles', 'clusterrolebindings'])
    for (const verb of ['create', 'update', 'patch', 'delete'])
      assert.deepEqual(
        leaks({ apiGroups: ['rbac.authorization.k8s.io'], resources: [resource], verbs: [verb] }),
        ['rights'],
      );
  assert.deepEqual(leaks({ resources: ['serviceaccounts'], verbs: ['patch'] }), ['rights']);
  assert.deepEqual(leaks({ resources: ['serviceaccounts/token'], verbs: ['create'] }), ['subresource']);
  assert.deepEqual(leaks({ resources: ['namespaces'], verbs: ['delete'] }), ['rights']);
  for (const verb of ['get', 'list', 'create', 'delete'])
    assert.deepEqual(leaks({ resources: ['secrets'], verbs: [verb] }), ['secrets']);
});

test('nothing is made that goes on running when the grant is over', () => {
  for (const [group, resource] of [
    ['', 'pods'],
    ['', 'podtemplates'],
    ['', 'replicationcontrollers'],
    ['apps', 'deployments'],
    ['apps', 'daemonsets'],
    ['apps', 'statefulsets'],
    ['batch', 'jobs'],
    ['batch', 'cronjobs'],
    ['', 'bindings'],
    ['', 'services'],
    ['networking.k8s.io', 'ingresses'],
    ['networking.k8s.io', 'networkpolicies'],
    ['authorization.k8s.io', 'localsubjectaccessreviews'],
    ['argoproj.io', 'workflows'],
    ['apps', 'configmaps'],
  ])
    for (const verb of ['create', 'update', 'patch'])
      assert.deepEqual(
        leaks({ apiGroups: [group], resources: [resource], verbs: [verb] }),
        ['writes'],
        resource,
      );
  assert.deepEqual(leaks({ resources: ['pods/ephemeralcontainers'], verbs: ['patch'] }), ['subresource']);
  assert.deepEqual(leaks({ resources: ['pods/status'], verbs: ['patch'] }), ['subresource']);
  assert.deepEqual(leaks({ resources: ['constructor/constructor'] }), ['subresource']);
});

test('every rule of a role counts, and what is wrong is said once', () => {
  const rules = [
    { apiGroups: [''], resources: ['pods'], verbs: ['get'] },
    { apiGroups: [''], resources: ['pods', 'configmaps'], verbs: ['watch'] },
    { apiGroups: [''], resources: ['secrets', 'pods/exec'], verbs: ['get'] },
  ];
  assert.deepEqual(leaksOf(Role.parse({ rules }), PROFILE), ['stream', 'secrets', 'subresource']);
});
