import { newSshKeyPair } from '../examples/targets/ssh-key-pair.ts';
import { executeBySsh, logInBySsh } from '../examples/targets/ssh-login.ts';
import { SshCredentialView } from '../lambdas/http/credential-schemas.ts';
import type { KindAccess } from './kind-access.ts';

/** A session with a key of its own, at a machine that is known by its pinned key. The machine ends it. */
export const SSH_ACCESS: KindAccess = {
  request: { resource: 'reports-host', action: 'ssh:connect' },
  newHolder() {
    const keys = newSshKeyPair();
    return {
      body: { publicKey: keys.publicKey },
      async open(_stack, credential) {
        const client = await logInBySsh(SshCredentialView.parse(credential).ssh, keys);
        if (typeof client === 'string') throw new Error(client);
        const { promise, resolve: cut } = Promise.withResolvers<number>();
        client.on('close', () => cut(performance.now()));
        const use = async () => {
          const { status } = await executeBySsh(client, 'whoami');
          if (status !== 0) throw new Error(`it ended with ${status}`);
        };
        await use().catch((error: unknown) => {
          client.destroy();
          throw error;
        });
        return { use, cut: () => promise, close: async () => void client.destroy() };
      },
    };
  },
};
