/** What is wrong with a target's address, as the end of a sentence whose subject is the key at `path`. */
export interface AddressMistake {
  readonly path: 'host' | 'region' | 'resourceId' | 'roleArn' | 'account';
  readonly message: string;
}

interface Address {
  readonly account: string;
  readonly region: string;
  readonly resourceId: string;
  readonly host: string;
  readonly roleArn?: string | undefined;
}

/** No account of AWS has this number; with it, and only with it, a target may be this machine. */
export const LOOPBACK_ACCOUNT = '000000000000';

/**
 * Signatures and endings hold for the endpoint of one instance, or for a cluster's writer. Behind every other name there
 * may be another server: a proxy keeps sessions of its own, a reader cannot end a login, an alias breaks the signature.
 */
export const addressMistakes = (address: Address): readonly AddressMistake[] => [
  ...(address.host === 'localhost' ? loopbackMistakes(address) : endpointMistakes(address)),
  ...(address.resourceId.startsWith('prx-')
    ? [{ path: 'resourceId' as const, message: 'is a proxy: name the instance or cluster behind it.' }]
    : []),
  ...(address.roleArn === undefined || address.roleArn.split(':')[4] === address.account
    ? []
    : [{ path: 'roleArn' as const, message: `must be a role in the target's account, ${address.account}.` }]),
];

const loopbackMistakes = ({ account }: Address): readonly AddressMistake[] =>
  account === LOOPBACK_ACCOUNT
    ? []
    : [
        {
          path: 'host',
          message: `must be an endpoint of Amazon RDS; localhost goes with account "${LOOPBACK_ACCOUNT}" only.`,
        },
      ];

const REFUSED_ENDPOINTS: readonly (readonly [prefix: string, what: string])[] = [
  ['proxy-', 'a proxy'],
  ['cluster-ro-', 'a reader endpoint'],
  ['cluster-custom-', 'a custom endpoint'],
  ['shardgrp-', 'a shard group'],
  ['global-', 'a global endpoint'],
];

const endpointMistakes = ({ host, region, resourceId }: Address): readonly AddressMistake[] => {
  const labels = host.split('.');
  const suffix = labels[1] ?? '';
  const refused = REFUSED_ENDPOINTS.find(([prefix]) =>
    labels.some((label, at) => at > 0 && label.startsWith(prefix)),
  );
  if (refused)
    return [
      {
        path: 'host',
        message: `is ${refused[1]}: name the instance's own endpoint or the cluster's writer.`,
      },
    ];
  if (!isEndpoint(labels))
    return [
      {
        path: 'host',
        message: 'must be an endpoint of Amazon RDS: <name>.<id>.<region>.rds.amazonaws.com, lower case.',
      },
    ];
  if (labels[2] !== region)
    return [
      { path: 'host', message: `is in ${labels[2]}, but "region" says ${region}: mend one of the two.` },
    ];
  if (suffix.startsWith('cluster-') !== resourceId.startsWith('cluster-'))
    return [
      {
        path: 'resourceId',
        message: 'and "host" must be of one thing: db-… with an instance, cluster-… with a cluster.',
      },
    ];
  return [];
};

const NAME = /^[a-z][a-z0-9-]{0,62}$/;
const SUFFIX = /^(cluster-)?[a-z0-9]{4,32}$/;

const isEndpoint = (labels: readonly string[]): boolean =>
  labels.length === 6 &&
  NAME.test(labels[0] ?? '') &&
  SUFFIX.test(labels[1] ?? '') &&
  labels.slice(3).join('.') === 'rds.amazonaws.com';
