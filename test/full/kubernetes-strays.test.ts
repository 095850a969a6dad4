import { clusterStraysContract } from '../contracts/cluster-strays.ts';
import { startKubernetes } from './start-kubernetes.ts';

clusterStraysContract(startKubernetes);
