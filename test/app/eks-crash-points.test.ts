import { after, before } from 'node:test';
import type { ClusterScene } from '../support/cluster-scene.ts';
import { startStandInCluster } from '../support/stand-in-cluster.ts';
import { killedInClusterLives } from './eks-crash-points.ts';

let cluster: ClusterScene;
before(async () => {
  cluster = await startStandInCluster();
});
after(() => cluster.stop());

/** `test/full/kubernetes-crash-points.test.ts` kills at every one, on Kubernetes itself. */
const ONE_OF = 13;

killedInClusterLives(() => cluster, ONE_OF);
