import type { Issuer } from '../../app/ports-of-targets.ts';
import type { SshResource } from '../../core/config/resource.ts';
import { SECOND_MS } from '../../core/limits.ts';
import { fail, ok } from '../../core/result.ts';
import { knownHostsOf } from '../../core/ssh/known-hosts.ts';
import { PUSHED_KEY_SECONDS, SSH_KEYS_PER_GRANT_MAX } from '../../core/ssh/limits.ts';
import { tunnelCommandOf } from '../../core/ssh/tunnel-command.ts';
import type { EpochMs } from '../../core/time.ts';
import type { PushKey } from './instance-connect.ts';

/**
 * The port `Issuer` for SSH. There is no secret in it: the caller's private key stays where it is, and what makes the public one
 * usable is the push, which comes after the entry.
 */
export const sshIssuer = (tools: {
  readonly pushKey: PushKey;
  readonly clock: () => EpochMs;
}): Issuer<SshResource> => ({
  async issue({ resource, grant, publicKey }) {
    if (publicKey === undefined) throw new TypeError('a key is asked for before anything is issued');
    const keys = new Set([...(grant.publicKeys ?? []), publicKey.line]);
    if (keys.size > SSH_KEYS_PER_GRANT_MAX)
      return fail({ code: 'credential_limit', max: SSH_KEYS_PER_GRANT_MAX });
    const { target } = resource;
    const now = tools.clock();
    return ok({
      content: {
        kind: 'ssh',
        host: target.host,
        port: target.port,
        user: target.osUser,
        hostKeys: target.hostKeys,
        knownHosts: knownHostsOf(target),
        fingerprint: publicKey.fingerprint,
        instanceId: target.instanceId,
        endpointId: target.endpointId,
        proxyCommand: tunnelCommandOf(target, (grant.expiresAt - now) / SECOND_MS),
        sessionsUntil: grant.expiresAt,
      },
      secret: publicKey.line,
      told: { publicKey: publicKey.fingerprint },
      expiresAt: now + PUSHED_KEY_SECONDS * SECOND_MS,
      release: () => tools.pushKey(resource, publicKey, grant),
    });
  },
});
