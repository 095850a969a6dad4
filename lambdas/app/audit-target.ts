import type { AuditTarget } from '../core/audit/event.ts';
import { placeOf, type Resource } from '../core/config/resource.ts';
import { clusterUser, databaseUser, mysqlUser } from '../core/grant/ids.ts';

/** Where a grant on this resource leads, for the trail. */
export const auditTargetOf = (resource: Resource, grantId: string): AuditTarget => ({
  resource: resource.id,
  kind: resource.kind,
  ...placeOf(resource),
  host: hostOf(resource),
  database: 'database' in resource.target ? resource.target.database : null,
  user: userAt(resource, grantId),
});

const hostOf = ({ target }: Resource): string | null => {
  if ('host' in target) return target.host;
  return 'endpoint' in target ? new URL(target.endpoint).host : null;
};

/** Who the caller is at the target: a user that is made for the grant, the name of its session, or the one that all share. */
export const userAt = ({ kind, target }: Resource, grantId: string): string => {
  switch (kind) {
    case 'postgres':
      return databaseUser(grantId);
    case 'mysql':
      return mysqlUser(grantId);
    case 'aws':
      return grantId;
    case 'eks':
      return clusterUser(grantId);
    default:
      return target.osUser;
  }
};
