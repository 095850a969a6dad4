import assert from 'node:assert/strict';
import { test } from 'node:test';
import { closeBinding } from '../../../lambdas/adapters/eks/close-binding.ts';
import {
  type Call,
  ClusterRefusal,
  type KubernetesApi,
} from '../../../lambdas/adapters/eks/kubernetes-api.ts';
import { takeSteps } from '../../../lambdas/adapters/ending-steps.ts';
import { clusterResource, newGrant } from '../../support/cluster-scene.ts';

/**
 * A cluster that holds nothing of a grant and decides as a test says. The stand-in and Kubernetes itself never keep a right that no
 * binding gives, nor fail to look; what is made of such answers has to be right all the same.
 */
const close = (statuses: readonly object[]) => {
  let asked = 0;
  const answer = ({ method, path }: Call): object => {
    if (method === 'DELETE' || path.includes('/roles/')) throw new ClusterRefusal(404);
    if (method === 'GET') return { metadata: {}, items: [] };
    const status = statuses[Math.min(asked, statuses.length - 1)];
    asked += 1;
    return { status };
  };
  const api: KubernetesApi = async (call, schema) => schema.parse(answer(call));
  const { profiles } = clusterResource('https://localhost:1', 'pem').target;
  const ask = { grantId: newGrant().id, profiles: Object.values(profiles).slice(0, 1), namespaces: ['shop'] };
  const timing = { since: 0, clock: () => 0, codeOf: () => undefined };
  return takeSteps(timing, (take) => closeBinding(api, ask, take));
};

const lastOf = async (statuses: readonly object[]) => {
  const { dead, steps, error } = await close(statuses);
  return [dead, steps.at(-1)?.outcome, error];
};

test('a cluster that refuses everything is the proof', async () => {
  assert.deepEqual(await lastOf([{ allowed: false }]), [true, 'refused', undefined]);
});

test('a yes that turns into a no was an answer from before', async () => {
  assert.deepEqual(await lastOf([{ allowed: true }, { allowed: true }, { allowed: false }]), [
    true,
    'refused',
    undefined,
  ]);
});

test('a yes that stays is a grant that was ended and is not', async () => {
  assert.deepEqual(await lastOf([{ allowed: true }]), [false, 'got_in', 'probe:got_in']);
});

test('a decision that could not look at everything says nothing', async () => {
  const unsure = { allowed: false, evaluationError: 'no answer from the webhook' };
  assert.deepEqual(await lastOf([unsure]), [false, 'unknown', 'probe:unknown']);
  assert.deepEqual(await lastOf([{ allowed: false }, unsure, { allowed: false }]), [
    false,
    'unknown',
    'probe:unknown',
  ]);
});
