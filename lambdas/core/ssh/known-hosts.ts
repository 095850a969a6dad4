import type { SshTargetAddress } from '../config/target-addresses.ts';

const STANDARD_PORT = 22;

/** Lines of `known_hosts`, so that a client can be told to believe these keys and nothing else. */
export const knownHostsOf = ({
  host,
  port,
  hostKeys,
}: Pick<SshTargetAddress, 'host' | 'port' | 'hostKeys'>): string => {
  const name = port === STANDARD_PORT ? host : `[${host}]:${port}`;
  return hostKeys.map((key) => `${name} ${key}\n`).join('');
};
