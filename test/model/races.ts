import fc from 'fast-check';
import type { ResourceKind } from '../../lambdas/core/config/resource.ts';
import type { Interruption } from '../support/kill-at.ts';
import { command, doAndLearn, hasGrants, hasTasks, latest, pick, proceed, toldOf } from './command.ts';
import { vendTo } from './deeds.ts';
import { known } from './holds.ts';
import type { Model } from './model.ts';
import type { Deed, GrantDeed, World } from './world.ts';

type Racer = GrantDeed | 'vend' | 'end task' | 'sweep';

const aboutGrant = (model: Model, what: Racer, grant: string): Deed => {
  if (what === 'sweep') return { what };
  if (what === 'vend') return vendTo(model, grant);
  return what === 'end task' ? { what, task: known(model, grant).task } : { what, grant };
};

/** Two at a time about one grant: one stands still somewhere while the other comes and goes, and then goes on. */
export const race = fc
  .record({
    which: pick,
    slow: fc.constantFrom<Racer>('vend', 'vend', 'activate', 'end access', 'sweep'),
    quick: fc.constantFrom<Racer>('release', 'revoke', 'end task', 'end access', 'activate', 'vend', 'sweep'),
    point: fc.integer({ min: 1, max: 14 }),
    killedAt: fc.oneof(
      { weight: 3, arbitrary: fc.constant(undefined) },
      { weight: 1, arbitrary: fc.integer({ min: 1, max: 10 }) },
    ),
  })
  .map(({ which, killedAt, ...racers }) => {
    const stop: Interruption | undefined =
      killedAt === undefined ? undefined : { point: killedAt, how: 'killed' };
    return command({
      told: `${racers.slow} ${which} (paused at ${racers.point}), meanwhile ${racers.quick}${toldOf(stop)}`,
      isPossible: hasGrants,
      play: (model, world) =>
        raceWith(model, world, { ...racers, grant: latest(model.grants.keys(), which), stop }),
    });
  });

interface Race {
  readonly grant: string;
  readonly slow: Racer;
  readonly quick: Racer;
  /** Where the slow one stands still, and where the quick one dies, if it does. */
  readonly point: number;
  readonly stop?: Interruption | undefined;
}

const raceWith = async (
  model: Model,
  world: World,
  { grant, slow, quick, point, stop }: Race,
): Promise<void> => {
  const before = world.paused.length;
  await doAndLearn(model, world, { deed: aboutGrant(model, slow, grant), stop: { point, how: 'paused' } });
  await doAndLearn(model, world, { deed: aboutGrant(model, quick, grant), stop });
  if (world.paused.length > before) await proceed(model, world, { which: 0, as: 'resumed' });
};

/** The same of one that is only now asked for, which nobody else activates. */
export const raceToActive = (kinds: readonly ResourceKind[]) =>
  fc
    .record({
      kind: fc.constantFrom(...kinds),
      quick: fc.constantFrom<Racer>('release', 'revoke', 'end task', 'end access', 'activate', 'sweep'),
      point: fc.integer({ min: 1, max: 16 }),
    })
    .map(({ kind, quick, point }) =>
      command({
        told: `ask ${kind}, activate (paused at ${point}), meanwhile ${quick}`,
        isPossible: hasTasks,
        async play(model, world) {
          const work = model.workflowsWork;
          world.setWorkflows(false);
          model.workflowsWork = false;
          const task = latest(model.tasks.keys(), 0);
          const asked = await doAndLearn(model, world, {
            deed: { what: 'ask', task, kind, seconds: 600 },
            stop: undefined,
          });
          world.setWorkflows(work);
          model.workflowsWork = work;
          if (asked.came !== 'done' || asked.made === undefined) return;
          await raceWith(model, world, { grant: asked.made, slow: 'activate', quick, point });
        },
      }),
    );
