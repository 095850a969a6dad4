import { once } from 'node:events';
import ssh2, { type Client } from 'ssh2';
import type { SshLogin } from '../../lambdas/app/credential.ts';
import type { SshKeyPair } from './ssh-key-pair.ts';

/** Where to, as whom, and whom to believe. */
export type LoginPlace = Pick<SshLogin, 'host' | 'port' | 'user' | 'hostKeys'>;

/** An open connection, or why there is none: the client's own word. */
export const logInBySsh = async (place: LoginPlace, { privateKey }: SshKeyPair): Promise<Client | string> => {
  const client = new ssh2.Client();
  const hostVerifier = (key: Buffer): boolean =>
    place.hostKeys.some((line) => line.split(' ')[1] === key.toString('base64'));
  client.connect({ host: place.host, port: place.port, username: place.user, privateKey, hostVerifier });
  const outcome = await Promise.race([
    once(client, 'ready').then(() => client),
    once(client, 'error').then(([error]: Error[]) => error?.message ?? ''),
  ]).catch((error: unknown) => String(error instanceof Error ? error.message : error));
  if (typeof outcome === 'string') client.destroy();
  else client.on('error', () => undefined);
  return outcome;
};

/** What a command prints, and its status. */
export const executeBySsh = async (
  client: Client,
  command: string,
): Promise<{ output: string; status: number }> => {
  const channel = await new Promise<ssh2.ClientChannel>((resolve, reject) =>
    client.exec(command, (error, opened) => (error ? reject(error) : resolve(opened))),
  );
  let output = '';
  channel.on('data', (data: Buffer) => {
    output += String(data);
  });
  const [status] = await once(channel, 'close');
  return { output, status };
};
