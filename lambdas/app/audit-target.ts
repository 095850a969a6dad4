import type { AuditTarget } from '../core/audit/event.ts';
import type { Resource } from '../core/config/resource.ts';
import { databaseUser } from '../core/grant/ids.ts';

/** Where a grant on this resource leads, for the trail. */
export const auditTargetOf = (resource: Resource, grantId: string): AuditTarget => ({
  resource: resource.id,
  kind: resource.kind,
  account: resource.target.account,
  region: resource.target.region,
  resourceId: resource.target.resourceId,
  host: resource.target.host,
  database: resource.target.database,
  user: databaseUser(grantId),
});
