import type { SshTargetAddress } from '../config/target-addresses.ts';
import { TUNNEL_MAX_SECONDS } from './limits.ts';

/**
 * The `ProxyCommand` that leads to an instance without an address that the caller could reach. It acts with the caller's own AWS
 * identity; undefined where callers connect directly.
 */
export const tunnelCommandOf = (
  { instanceId, endpointId, port, region }: SshTargetAddress,
  secondsLeft: number,
): string | undefined => {
  if (endpointId === undefined) return undefined;
  const options = {
    'instance-id': instanceId,
    'instance-connect-endpoint-id': endpointId,
    'remote-port': port,
    'max-tunnel-duration': Math.max(1, Math.min(Math.ceil(secondsLeft), TUNNEL_MAX_SECONDS)),
    region,
  };
  const words = Object.entries(options).map(([name, value]) => `--${name} ${value}`);
  return ['aws ec2-instance-connect open-tunnel', ...words].join(' ');
};
