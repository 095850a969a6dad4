import ssh2, { type ParsedKey } from 'ssh2';
import { parsePublicKey } from '../../lambdas/core/ssh/public-key.ts';

/** A key that is let in now, and the fingerprint it is logged under. */
export interface KnownKey {
  readonly key: ParsedKey;
  readonly fingerprint: string;
}

/** As EC2 Instance Connect offers a key. */
const PUSHED_MS = 60_000;
/** As `docs/targets/ssh-end-sessions.sh` keeps a refusal. */
const REFUSED_MS = 24 * 3_600_000;

/** Whom a machine lets in: keys that were pushed within the last minute, unless they were refused within the last day. */
export class SshKeyring {
  readonly #clock: () => number;
  readonly #pushedUntil = new Map<string, number>();
  readonly #refusedUntil = new Map<string, number>();

  constructor(clock: () => number) {
    this.#clock = clock;
  }

  push(line: string): void {
    const read = parsePublicKey(line);
    if (read.ok) this.#pushedUntil.set(read.value.fingerprint, this.#clock() + PUSHED_MS);
  }

  refuse(fingerprint: string): void {
    this.#refusedUntil.set(fingerprint, this.#clock() + REFUSED_MS);
  }

  /** `data` is the key as the protocol carries it. */
  admits(data: Buffer): KnownKey | undefined {
    const [key] = [ssh2.utils.parseKey(data)].flat();
    if (key === undefined || key instanceof Error) return undefined;
    const read = parsePublicKey(`${key.type} ${key.getPublicSSH().toString('base64')}`);
    if (!read.ok) return undefined;
    const { fingerprint } = read.value;
    const isOpen = (times: Map<string, number>) => (times.get(fingerprint) ?? 0) > this.#clock();
    return isOpen(this.#pushedUntil) && !isOpen(this.#refusedUntil) ? { key, fingerprint } : undefined;
  }
}
