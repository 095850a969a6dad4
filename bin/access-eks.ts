import { request } from 'node:https';
import { setTimeout as pause } from 'node:timers/promises';
import { EksCredentialView } from '../lambdas/http/credential-schemas.ts';
import type { KindAccess } from './kind-access.ts';

const LOOK_EVERY_MS = 10;

/** A token, which the cluster asks about with each call. */
export const EKS_ACCESS: KindAccess = {
  request: { resource: 'shop-cluster', action: 'eks:connect', profile: 'logs-reader' },
  newHolder: () => ({
    async open(_stack, credential) {
      const token = EksCredentialView.parse(credential).eks;
      const use = async () => {
        const status = await listPods(token);
        if (status !== 200) throw new CallRefused(status);
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

class CallRefused extends Error {
  readonly status: number;
  constructor(status: number) {
    super(`the cluster answered ${status}`);
    this.status = status;
  }
}

/** What else goes wrong is no refusal, and would be taken for one. */
const isNotRefused = (error: unknown): boolean => {
  if (error instanceof CallRefused && error.status === 403) return false;
  throw error;
};

type Token = ReturnType<typeof EksCredentialView.parse>['eks'];

const listPods = ({ endpoint, certificateAuthority, token }: Token): Promise<number> =>
  new Promise((resolve, reject) => {
    const url = new URL('/api/v1/namespaces/shop/pods', endpoint);
    const options = { ca: certificateAuthority, headers: { authorization: `Bearer ${token}` } };
    const sent = request(url, options, (answer) => {
      answer.resume().on('end', () => resolve(answer.statusCode ?? 0));
    });
    sent.on('error', reject).end();
  });
