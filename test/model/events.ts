import type fc from 'fast-check';
import type { ResourceKind } from '../../lambdas/core/config/resource.ts';
import { type Command, doAndLearn } from './command.ts';
import {
  ask,
  askAndUse,
  contain,
  goOn,
  lift,
  ofGrant,
  ofTask,
  openTask,
  sweep,
  use,
  vend,
  vendWithKeyOf,
} from './deeds.ts';
import type { Model } from './model.ts';
import { lostSignal, race, raceToActive, raceWithStop } from './races.ts';
import {
  away,
  justAfterWindow,
  outage,
  outageOfStopped,
  pass,
  policy,
  skew,
  workflows,
} from './surroundings.ts';
import type { World } from './world.ts';

const times = <A>(count: number, one: A): A[] => Array.from({ length: count }, () => one);

/** Everything that may happen, some of it more often. */
export const events = (kinds: readonly ResourceKind[]): fc.Arbitrary<Command>[] => [
  openTask,
  ofTask('heartbeat'),
  ofTask('end task'),
  ...times(3, ask(kinds)),
  ...times(2, askAndUse(kinds)),
  ofGrant('activate'),
  ofGrant('end access'),
  ...times(5, vend),
  vendWithKeyOf,
  ...times(4, use),
  ofGrant('release'),
  ofGrant('revoke'),
  contain(kinds),
  ...times(2, lift),
  ...times(2, sweep),
  ...times(2, pass),
  skew(kinds),
  justAfterWindow,
  away(kinds),
  outage(kinds),
  outageOfStopped(kinds),
  workflows,
  policy,
  ...times(2, goOn),
  ...times(5, race),
  ...times(5, raceToActive(kinds)),
  ...times(2, raceWithStop(kinds)),
  lostSignal,
];

/** Those that need no clock to be moved, nobody to be away, and no process to stand still. */
export const eventsInRealTime = (kinds: readonly ResourceKind[]): fc.Arbitrary<Command>[] => [
  openTask,
  ofTask('heartbeat'),
  ofTask('end task'),
  ask(kinds),
  ...times(6, askAndUse(kinds)),
  ofGrant('activate'),
  ofGrant('end access'),
  vend,
  vendWithKeyOf,
  use,
  ...times(2, ofGrant('release')),
  ofGrant('revoke'),
  contain(kinds),
  ...times(2, lift),
  sweep,
];

/** A task and some grants, or most of what may happen would happen to nothing. */
export const begin = async (
  model: Model,
  world: World,
  {
    leaseSeconds,
    kinds,
  }: { readonly leaseSeconds: number | undefined; readonly kinds: readonly ResourceKind[] },
): Promise<void> => {
  await doAndLearn(model, world, { deed: { what: 'open task', leaseSeconds }, stop: undefined });
  for (const kind of kinds) {
    const [task = ''] = model.tasks.keys();
    await doAndLearn(model, world, { deed: { what: 'ask', task, kind, seconds: 600 }, stop: undefined });
  }
};
