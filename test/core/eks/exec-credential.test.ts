import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parse } from 'yaml';
import { execCredential, kubeconfig } from '../../../lambdas/core/eks/exec-credential.ts';
import { NOW } from '../../support/facts.ts';

test('an exec credential says no later end than the token has', () => {
  const { apiVersion, kind, status } = execCredential('k8s-aws-v1.abc', NOW + 999);
  assert.deepEqual([apiVersion, kind], ['client.authentication.k8s.io/v1', 'ExecCredential']);
  assert.deepEqual(status, { expirationTimestamp: '2026-03-02T10:00:00Z', token: 'k8s-aws-v1.abc' });
});

test('a kubeconfig says where, as whom and in which namespace', () => {
  const place = { cluster: 'shop_1', endpoint: 'https://localhost:6443', caPem: 'PEM\n', namespace: 'shop' };
  const config = parse(kubeconfig({ ...place, token: 'k8s-aws-v1.abc' }));
  assert.deepEqual(config.clusters, [
    {
      name: 'shop_1',
      cluster: {
        server: place.endpoint,
        'certificate-authority-data': Buffer.from('PEM\n').toString('base64'),
      },
    },
  ]);
  assert.deepEqual(config.users, [{ name: 'latchkey', user: { token: 'k8s-aws-v1.abc' } }]);
  assert.deepEqual(config.contexts[0].context, { cluster: 'shop_1', namespace: 'shop', user: 'latchkey' });
  assert.equal(config['current-context'], 'latchkey');
});
