import { once } from 'node:events';
import ssh2 from 'ssh2';
import { newSshKeyPair } from '../examples/targets/ssh-key-pair.ts';
import { SshCredentialView } from '../lambdas/http/credential-schemas.ts';
import type { KindAccess } from './kind-access.ts';

/** A session with a key of its own, at a machine that is known by its pinned key. The machine ends it. */
export const SSH_ACCESS: KindAccess = {
  request: { resource: 'reports-host', action: 'ssh:connect' },
  newHolder() {
    const { publicKey, privateKey } = newSshKeyPair();
    return {
      body: { publicKey },
      async open(_stack, credential) {
        const { host, port, user: username, hostKeys } = SshCredentialView.parse(credential).ssh;
        const hostVerifier = (key: Buffer) =>
          hostKeys.some((line) => line.split(' ')[1] === key.toString('base64'));
        const client = new ssh2.Client();
        const { promise, resolve: cut } = Promise.withResolvers<number>();
        client.on('close', () => cut(performance.now()));
        client.connect({ host, port, username, privateKey, hostVerifier });
        await once(client, 'ready');
        client.on('error', () => undefined);
        const use = () => execute(client, 'whoami');
        await use();
        return { use, cut: () => promise, close: async () => void client.end() };
      },
    };
  },
};

const execute = async (client: ssh2.Client, command: string): Promise<void> => {
  const channel = await new Promise<ssh2.ClientChannel>((resolve, reject) =>
    client.exec(command, (error, opened) => (error ? reject(error) : resolve(opened))),
  );
  channel.resume();
  const [status] = await once(channel, 'close');
  if (status !== 0) throw new Error(`${command} ended with ${status}`);
};
