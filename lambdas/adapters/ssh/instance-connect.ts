import { EC2InstanceConnectClient, SendSSHPublicKeyCommand } from '@aws-sdk/client-ec2-instance-connect';
import { DependencyUnavailable } from '../../app/ports.ts';
import { type MarkedGrant, sessionMarks } from '../../core/aws/session-marks.ts';
import type { SshResource } from '../../core/config/resource.ts';
import type { SshTargetAddress } from '../../core/config/target-addresses.ts';
import { SESSION_MIN_SECONDS } from '../../core/limits.ts';
import { KEY_PUSH_MAX_MS } from '../../core/ssh/limits.ts';
import { isElsewhere } from '../../core/ssh/machine-roles.ts';
import type { SshPublicKey } from '../../core/ssh/public-key.ts';
import type { AssumeRole, SessionKeys } from '../aws/assume-role.ts';
import { AWS_CLIENT_SETTINGS } from '../aws-client-settings.ts';

/** Under a grant, has a machine let one key in as one user for a minute. Throws `DependencyUnavailable` unless AWS says in time that it does. */
export type PushKey = (machine: SshResource, key: SshPublicKey, grant: MarkedGrant) => Promise<void>;

const clientIn = (region: string, credentials?: SessionKeys) =>
  new EC2InstanceConnectClient({ ...AWS_CLIENT_SETTINGS, region, ...(credentials ? { credentials } : {}) });

export interface InstanceConnectTools {
  readonly assume: AssumeRole;
  readonly connect?: typeof clientIn;
  readonly maxMs?: number;
}

/**
 * By EC2 Instance Connect, in the region of the machine. Elsewhere by a role of its account, with a session for each key that is
 * named and marked by its grant and dropped here.
 */
export const instanceConnect = ({
  assume,
  connect = clientIn,
  maxMs = KEY_PUSH_MAX_MS,
}: InstanceConnectTools): PushKey => {
  const clients = new Map<string, EC2InstanceConnectClient>();
  return async (machine, key, grant) => {
    const { region } = machine.target;
    const signal = AbortSignal.timeout(maxMs);
    if (isElsewhere(machine)) {
      const { roleArn, externalId } = machine.target;
      const { keys } = await assume({
        ...sessionMarks(grant),
        roleArn,
        externalId,
        sessionName: grant.id,
        seconds: SESSION_MIN_SECONDS,
        signal,
      });
      const client = connect(region, keys);
      return push(client, { address: machine.target, key, signal }).finally(() => client.destroy());
    }
    const client = clients.get(region) ?? connect(region);
    clients.set(region, client);
    return push(client, { address: machine.target, key, signal });
  };
};

const push = async (
  client: EC2InstanceConnectClient,
  {
    address,
    key,
    signal,
  }: { readonly address: SshTargetAddress; readonly key: SshPublicKey; readonly signal: AbortSignal },
): Promise<void> => {
  const command = new SendSSHPublicKeyCommand({
    InstanceId: address.instanceId,
    InstanceOSUser: address.osUser,
    SSHPublicKey: key.line,
  });
  const { Success } = await client.send(command, { abortSignal: signal }).catch((error: unknown) => {
    throw new DependencyUnavailable('ec2-instance-connect', error);
  });
  if (Success !== true) throw new DependencyUnavailable('ec2-instance-connect', new Error('not taken'));
};
