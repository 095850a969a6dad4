import { clusterStraysContract } from '../../contracts/cluster-strays.ts';
import { startStandInCluster } from '../../support/stand-in-cluster.ts';

clusterStraysContract(startStandInCluster);
