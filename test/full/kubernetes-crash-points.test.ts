import { after, before, describe } from 'node:test';
import { killedInClusterLives } from '../app/eks-crash-points.ts';
import { clusterCrashContract } from '../contracts/cluster-crashes.ts';
import type { ClusterScene } from '../support/cluster-scene.ts';
import { startKubernetes } from './start-kubernetes.ts';

describe('calls to a cluster', () => clusterCrashContract(startKubernetes));

describe('whole lives of grants', () => {
  let cluster: ClusterScene;
  before(async () => {
    cluster = await startKubernetes();
  });
  after(() => cluster.stop());
  killedInClusterLives(() => cluster, 1);
});
