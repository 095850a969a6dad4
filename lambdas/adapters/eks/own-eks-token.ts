import { fromNodeProviderChain } from '@aws-sdk/credential-providers';
import { DependencyUnavailable } from '../../app/ports.ts';
import type { EksResource } from '../../core/config/resource.ts';
import { eksToken } from '../../core/eks/eks-token.ts';
import type { EpochMs } from '../../core/time.ts';
import type { AdministratorKeys } from '../aws/administrator-keys.ts';
import { presignIdentity } from './presign-identity.ts';

/** Signs in to a cluster as the function itself. */
export type SignInOwn = (resource: EksResource) => Promise<string>;

/**
 * With the role that the cluster's access entries know as the administrator: the function's own, or in another account the one
 * that it assumes there.
 */
export const ownEksToken = ({
  clock,
  keysOf,
}: {
  readonly clock: () => EpochMs;
  readonly keysOf: AdministratorKeys;
}): SignInOwn => {
  const provide = fromNodeProviderChain();
  return async ({ target }) => {
    const { region, cluster } = target;
    const keys = (await keysOf(target)) ?? (await provide());
    const token = eksToken(await presignIdentity({ keys, region, cluster, at: clock() }));
    if (token === undefined) throw new DependencyUnavailable('target', new Error('a token that is too long'));
    return token;
  };
};
