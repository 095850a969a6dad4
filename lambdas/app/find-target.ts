import { type PostgresResource, placeOf, type Resource } from '../core/config/resource.ts';
import type { Grant } from '../core/grant/grant.ts';

/** Why configuration no longer leads to where a grant was given. */
export type Astray = 'removed' | 'moved';

/**
 * The resource of a grant, if it is still at the same place. Under the id of one that was moved a grant could not
 * be ended: at the new place there is nothing of it, which would look like death, while the old one still lets it in.
 */
export const findTarget = (
  resources: readonly Resource[],
  { resource: id, place }: Pick<Grant, 'resource' | 'place'>,
): Resource | Astray => {
  const resource = resources.find((known) => known.id === id);
  if (!resource) return 'removed';
  const { account, region, resourceId } = placeOf(resource);
  // Grants of before it was kept have no place, and are taken to be where their resource is.
  const isThere =
    !place || (place.resourceId === resourceId && place.account === account && place.region === region);
  return isThere ? resource : 'moved';
};

/** The same of a grant under which Latchkey executes statements itself. */
export const findRunTarget = (
  resources: readonly Resource[],
  grant: Pick<Grant, 'resource' | 'place'>,
): PostgresResource | Astray => {
  const resource = findTarget(resources, grant);
  if (typeof resource === 'string') return resource;
  return resource.kind === 'postgres' ? resource : 'moved';
};
