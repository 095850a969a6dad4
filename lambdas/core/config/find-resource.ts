import type { Result } from '../result.ts';
import { fail, ok } from '../result.ts';
import { profilesOf, type Resource, type ResourceAction } from './resource.ts';

/** What a caller asked for, by names of the configuration. */
export interface AskedNames {
  readonly resource: string;
  readonly action: string;
  /** May be left out where there is one, or none. */
  readonly profile?: string | undefined;
}

export interface FoundNames {
  readonly resource: Resource;
  readonly action: ResourceAction;
  readonly profile: string | undefined;
}

/** The resource of that exact id, its action and its profile, or what the caller may have meant. */
export const findResource = (resources: readonly Resource[], asked: AskedNames): Result<FoundNames> => {
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
  const profile = findProfile(profilesOf(resource), asked.profile);
  return profile.ok ? ok({ resource, action, profile: profile.value }) : profile;
};

const findProfile = (offered: readonly string[], asked: string | undefined): Result<string | undefined> => {
  const [first, ...others] = offered;
  if (asked === undefined && others.length === 0) return ok(first);
  return asked !== undefined && offered.includes(asked)
    ? ok(asked)
    : fail({ code: 'unknown_profile', offered });
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
