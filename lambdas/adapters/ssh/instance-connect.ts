import { EC2InstanceConnectClient, SendSSHPublicKeyCommand } from '@aws-sdk/client-ec2-instance-connect';
import { DependencyUnavailable } from '../../app/ports.ts';
import type { SshTargetAddress } from '../../core/config/target-addresses.ts';
import type { SshPublicKey } from '../../core/ssh/public-key.ts';
import { AWS_CLIENT_SETTINGS } from '../aws-client-settings.ts';

/** Has a machine let one key in as one user for a minute. Throws `DependencyUnavailable` unless AWS says that it does. */
export type PushKey = (target: SshTargetAddress, key: SshPublicKey) => Promise<void>;

const clientIn = (region: string) => new EC2InstanceConnectClient({ ...AWS_CLIENT_SETTINGS, region });

/** By EC2 Instance Connect, in the region of the machine. */
export const instanceConnect = (connect: typeof clientIn = clientIn): PushKey => {
  const clients = new Map<string, EC2InstanceConnectClient>();
  return async ({ region, instanceId, osUser }, { line }) => {
    const client = clients.get(region) ?? connect(region);
    clients.set(region, client);
    const command = new SendSSHPublicKeyCommand({
      InstanceId: instanceId,
      InstanceOSUser: osUser,
      SSHPublicKey: line,
    });
    const { Success } = await client.send(command).catch((error: unknown) => {
      throw new DependencyUnavailable('ec2-instance-connect', error);
    });
    if (Success !== true) throw new DependencyUnavailable('ec2-instance-connect', new Error('not taken'));
  };
};
