import { setTimeout as pause } from 'node:timers/promises';
import { EksCredentialView } from '../lambdas/http/credential-schemas.ts';
import { callCluster } from './call-cluster.ts';
import type { KindAccess } from './kind-access.ts';

const LOOK_EVERY_MS = 10;

/** A token of a cluster, which is asked about with each call. */
export const EKS_ACCESS: KindAccess = {
  request: { resource: 'shop-cluster', action: 'eks:connect', profile: 'logs-reader' },
  newHolder: () => ({
    async open(_stack, credential) {
      const { eks } = EksCredentialView.parse(credential);
      const use = async () => {
        const { status } = await callCluster(eks, '/api/v1/namespaces/shop/pods');
        if (status !== 200) throw Object.assign(new Error(`the cluster answered ${status}`), { status });
      };
      await use();
      return {
        use,
        async cut() {
          for (; await use().then(() => true, isNotRefused); ) await pause(LOOK_EVERY_MS);
          return performance.now();
        },
        close: async () => undefined,
      };
    },
  }),
};

/** What else goes wrong is no refusal, and would be taken for one. */
const isNotRefused = (error: unknown): boolean => {
  if (error instanceof Error && 'status' in error && error.status === 403) return false;
  throw error;
};
