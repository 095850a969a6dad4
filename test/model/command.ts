import assert from 'node:assert/strict';
import fc from 'fast-check';
import type { Interruption } from '../support/kill-at.ts';
import { learn } from './learn.ts';
import type { Model } from './model.ts';
import type { Came, Deed, World } from './world.ts';

export type Command = fc.AsyncCommand<Model, World>;

interface Event {
  readonly told: string;
  readonly isPossible?: (model: Model) => boolean;
  readonly play: (model: Model, world: World) => Promise<void>;
}

export const command = ({ told, isPossible = () => true, play }: Event): Command => ({
  check: isPossible,
  run: play,
  toString: () => told,
});

/** The latest is the first: what has just begun is the most likely to go wrong, and to be left when a failure is made smaller. */
export const latest = <T>(things: Iterable<T>, pick: number): T => {
  const all = [...things];
  const found = all.at(-1 - (pick % all.length));
  assert.ok(found !== undefined);
  return found;
};

export const pick = fc.nat(9);
/** Before or after any of the calls that such a deed makes, of which it has about so many. */
export const interruption = (calls: number): fc.Arbitrary<Interruption | undefined> =>
  fc.oneof(
    { weight: 2, arbitrary: fc.constant(undefined) },
    {
      weight: 1,
      arbitrary: fc.record({
        point: fc.integer({ min: 1, max: 2 * calls }),
        how: fc.constantFrom('paused', 'killed'),
      }),
    },
  );

export const toldOf = (stop: Interruption | undefined): string =>
  stop ? ` (${stop.how} at ${stop.point})` : '';

export const doAndLearn = async (
  model: Model,
  world: World,
  { deed, stop }: { readonly deed: Deed; readonly stop: Interruption | undefined },
): Promise<Came> => {
  const before = model.seen;
  const came = await world.perform(deed, stop);
  await learn(model, world, { deed, came, before, isWhole: stop === undefined || came.came === 'refused' });
  return came;
};

export const proceed = async (
  model: Model,
  world: World,
  { which, as }: { readonly which: number; readonly as: 'resumed' | 'killed' },
): Promise<void> => {
  const { deed, goOn } = latest(world.paused, which);
  const before = model.seen;
  await learn(model, world, { deed, came: await goOn(as), before, isWhole: false });
};

export const hasTasks = ({ tasks }: Model) => tasks.size > 0;
export const hasGrants = ({ grants }: Model) => grants.size > 0;
