import { clusterCrashContract } from '../../contracts/cluster-crashes.ts';
import { startStandInCluster } from '../../support/stand-in-cluster.ts';

clusterCrashContract(startStandInCluster);
