import { isSigned } from '../lambdas/core/config/databases.ts';
import type { Resource } from '../lambdas/core/config/resource.ts';
import { isElsewhere } from '../lambdas/core/ssh/machine-roles.ts';
import type { Settings } from './settings.ts';

/** Whose roles are in the account of Latchkey's stack, which makes them where settings say so. */
export const madeHere = (
  resources: readonly Resource[],
  { account, region, createTargetRoles }: Pick<Settings, 'account' | 'region' | 'createTargetRoles'>,
): readonly Resource[] =>
  createTargetRoles
    ? resources.filter((resource) => {
        const { target } = resource;
        if (target.account !== account) return false;
        // A document is of a region, and what is beside Latchkey has the document that the stack makes anyway.
        if (resource.kind === 'ssh') return target.region === region && isElsewhere(resource);
        return resource.kind === 'aws' || resource.kind === 'eks' || isSigned(resource);
      })
    : [];
