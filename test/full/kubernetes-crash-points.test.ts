import { clusterCrashContract } from '../contracts/cluster-crashes.ts';
import { startKubernetes } from './start-kubernetes.ts';

clusterCrashContract(startKubernetes);
