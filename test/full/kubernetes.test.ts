import { clusterContract } from '../contracts/cluster.ts';
import { startKubernetes } from './start-kubernetes.ts';

clusterContract(startKubernetes);
