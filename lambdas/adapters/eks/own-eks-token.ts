import { fromNodeProviderChain } from '@aws-sdk/credential-providers';
import { DependencyUnavailable } from '../../app/ports.ts';
import type { EksResource } from '../../core/config/resource.ts';
import { eksToken } from '../../core/eks/eks-token.ts';
import type { EpochMs } from '../../core/time.ts';
import { presignIdentity } from './presign-identity.ts';

/** Signs in to a cluster as the function itself. */
export type SignInOwn = (resource: EksResource) => Promise<string>;

/** With the function's own role, which the cluster's access entries know as the administrator. No call to AWS. */
export const ownEksToken = ({ clock }: { readonly clock: () => EpochMs }): SignInOwn => {
  const provide = fromNodeProviderChain();
  return async ({ target: { region, cluster } }) => {
    const token = eksToken(await presignIdentity({ keys: await provide(), region, cluster, at: clock() }));
    if (token === undefined) throw new DependencyUnavailable('target', new Error('a token that is too long'));
    return token;
  };
};
