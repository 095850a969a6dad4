import type { Resource } from '../lambdas/core/config/resource.ts';
import { reachMistakes } from '../lib/reach.ts';
import type { Settings } from '../lib/settings.ts';
import { Mistakes } from './mistakes.ts';

/** Throws `Mistakes` where a deployment with these settings could not reach what the configuration in this folder names. */
export const refuseUnreachable = (
  directory: string,
  resources: readonly Resource[],
  settings: Settings,
): void => {
  const mistakes = reachMistakes(resources, settings);
  if (mistakes.length > 0)
    throw new Mistakes(mistakes.map((mistake) => ({ ...mistake, file: `${directory}/resources.yaml` })));
};
