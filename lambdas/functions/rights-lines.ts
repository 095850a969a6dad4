import { makeUserCall } from '../adapters/mysql/make-user-call.ts';
import { roleStatements } from '../adapters/postgres/role-statements.ts';
import { type Resource, templateFor } from '../core/config/resource.ts';
import type { Grant } from '../core/grant/grant.ts';

/** What gives a grant its rights, for people who decide: the same texts that its target is told. */
export const rightsLines = (resource: Resource, grant: Grant): readonly string[] => {
  if (resource.kind === 'mysql') return [makeUserCall(resource, grant.id)];
  if (resource.kind !== 'postgres') return [];
  const template = templateFor(resource, grant.rights);
  return template === undefined ? [] : roleStatements({ resource, grantId: grant.id, template });
};
