import ssh2, { type AuthContext, type Connection } from 'ssh2';
import { parsePublicKey } from '../../lambdas/core/ssh/public-key.ts';
import { listenOnLoopback } from '../../local/loopback.ts';
import type { LocalMachine, MachineOutput } from './machine-services.ts';
import { newSshKeyPair } from './ssh-key-pair.ts';
import { SshKeyring } from './ssh-keyring.ts';
import { serveSshSession } from './ssh-session.ts';

export interface SshMachineOptions {
  readonly instanceId: string;
  readonly osUser: string;
  readonly port?: number | undefined;
  /** Milliseconds since 1970. */
  readonly clock?: () => number;
}

export interface SshMachine extends LocalMachine {
  readonly port: number;
  /** As in `known_hosts`, without the name. */
  readonly hostKey: string;
  /** How many connections are open now. */
  connections(): number;
  /** While true, nobody there hears Systems Manager. */
  isAgentAway: boolean;
  stop(): Promise<void>;
}

/**
 * A machine with one user whom pushed keys let in, in the place of an EC2 instance: SSH is real, and there is no machine behind
 * it. What `docs/targets/ssh-end-sessions.sh` does as root, it does to its own connections; the script itself is tried on a
 * real sshd by `npm run test:full`.
 */
export const startSshMachine = async (options: SshMachineOptions): Promise<SshMachine> => {
  const { instanceId, osUser, clock = Date.now } = options;
  const keyring = new SshKeyring(clock);
  const open = new Map<Connection, string>();
  const host = newSshKeyPair();
  const server = new ssh2.Server({ hostKeys: [host.privateKey] }, (connection) => {
    connection.on('authentication', (attempt) => {
      const fingerprint = authenticate(attempt, { keyring, osUser });
      if (fingerprint !== undefined) open.set(connection, fingerprint);
    });
    connection.on('session', (accept) => serveSshSession(accept(), options));
    connection.on('close', () => open.delete(connection)).on('error', () => undefined);
  });
  const port = await listenOnLoopback(server, options.port);
  const end = (fingerprints: readonly string[]): number => {
    for (const fingerprint of fingerprints) keyring.refuse(fingerprint);
    const ours = [...open].filter(([, fingerprint]) => fingerprints.includes(fingerprint));
    for (const [connection] of ours) {
      open.delete(connection);
      connection.end();
    }
    return ours.length;
  };
  const machine: SshMachine = {
    instanceId,
    port,
    hostKey: host.publicKey,
    isAgentAway: false,
    connections: () => open.size,
    pushKey: (user, line) => (user === osUser ? keyring.push(line) : undefined),
    async run(_script, { osUser: user, keys = '' }) {
      if (machine.isAgentAway) throw new Error('nobody hears it');
      if (user !== osUser) return said('refused=no_such_user ways=not_tried', 0);
      const read = keys === 'none' ? [] : keys.split(',').map(parsePublicKey);
      const found = end(read.flatMap((one) => (one.ok ? [one.value.fingerprint] : [])));
      return said('refused=yes ways=one', found);
    },
    async stop() {
      for (const connection of open.keys()) connection.end();
      await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
  return machine;
};

const said = (codes: string, found: number): MachineOutput => ({
  exitCode: 0,
  output: `latchkey ${codes} found=${found} unknown=0 ended=${found} left=0\n`,
});

/** The fingerprint of whoever has now proved to hold a key that is let in. Each attempt is looked at anew. */
const authenticate = (
  attempt: AuthContext,
  { keyring, osUser }: { readonly keyring: SshKeyring; readonly osUser: string },
): string | undefined => {
  const known =
    attempt.method === 'publickey' && attempt.username === osUser
      ? keyring.admits(attempt.key.data)
      : undefined;
  if (!known || attempt.method !== 'publickey') {
    attempt.reject(['publickey']);
    return undefined;
  }
  const { signature, blob, hashAlgo } = attempt;
  // Without a signature a client only asks whether it is worth making one.
  const isProved = signature !== undefined && blob !== undefined;
  if (isProved && known.key.verify(blob, signature, hashAlgo) !== true) {
    attempt.reject(['publickey']);
    return undefined;
  }
  attempt.accept();
  return isProved ? known.fingerprint : undefined;
};
