import { clusterContract } from '../../contracts/cluster.ts';
import { startStandInCluster } from '../../support/stand-in-cluster.ts';

clusterContract(startStandInCluster);
