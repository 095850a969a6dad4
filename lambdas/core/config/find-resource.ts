import type { Result } from '../result.ts';
import { fail, ok } from '../result.ts';
import type { Resource, ResourceAction } from './resource.ts';

/** The resource of that exact id and its action, or what the caller may have meant. */
export const findResource = (
  resources: readonly Resource[],
  asked: { readonly resource: string; readonly action: string },
): Result<{ resource: Resource; action: ResourceAction }> => {
  const resource = resources.find(({ id }) => id === asked.resource);
  if (!resource) {
    const didYouMean = closest(
      asked.resource,
      resources.map(({ id }) => id),
    );
    return fail({ code: 'unknown_resource', resource: asked.resource, didYouMean });
  }
  const action = resource.actions.find((offered) => offered === asked.action);
  if (!action) return fail({ code: 'unknown_action', action: asked.action, offered: resource.actions });
  return ok({ resource, action });
};

const MAX_DISTANCE = 3;

/** The nearest name within three edits, or nothing: a wild guess helps nobody. */
export const closest = (asked: string, names: readonly string[]): string | undefined => {
  const ranked = names
    .map((name) => ({ name, distance: editDistance(asked.toLowerCase(), name.toLowerCase()) }))
    .sort((a, b) => a.distance - b.distance);
  const best = ranked[0];
  return best && best.distance <= MAX_DISTANCE ? best.name : undefined;
};

const editDistance = (from: string, to: string): number => {
  let row = Array.from({ length: to.length + 1 }, (_, column) => column);
  for (let line = 1; line <= from.length; line += 1) {
    const next = [line];
    for (let column = 1; column <= to.length; column += 1) {
      const change = (row[column - 1] ?? 0) + (from[line - 1] === to[column - 1] ? 0 : 1);
      next.push(Math.min(change, (row[column] ?? 0) + 1, (next[column - 1] ?? 0) + 1));
    }
    row = next;
  }
  return row[to.length] ?? 0;
};
