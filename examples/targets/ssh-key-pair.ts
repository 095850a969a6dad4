import ssh2 from 'ssh2';
import { parsePublicKey } from '../../lambdas/core/ssh/public-key.ts';

export interface SshKeyPair {
  /** `ssh-ed25519 AAAA…` */
  readonly publicKey: string;
  /** PEM, in OpenSSH's own form. */
  readonly privateKey: string;
}

/** A new pair. The library writes one in 256 a byte short, which no sshd would read. */
export const newSshKeyPair = (): SshKeyPair => {
  for (;;) {
    const made = ssh2.utils.generateKeyPairSync('ed25519');
    const read = parsePublicKey(made.public);
    if (read.ok) return { publicKey: read.value.line, privateKey: made.private };
  }
};
