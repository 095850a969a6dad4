import fc from 'fast-check';
import type { ResourceKind } from '../../lambdas/core/config/resource.ts';
import { SECOND_MS } from '../../lambdas/core/limits.ts';
import type { Interruption } from '../support/kill-at.ts';
import {
  type Command,
  command,
  doAndLearn,
  hasGrants,
  hasTasks,
  latest,
  pick,
  proceed,
  toldOf,
} from './command.ts';
import { vendTo } from './deeds.ts';
import { known } from './holds.ts';
import type { Model } from './model.ts';
import { ofKind } from './stops.ts';
import type { Deed, GrantDeed, World } from './world.ts';

type Racer = GrantDeed | 'vend' | 'end task' | 'contain' | 'sweep';

const aboutGrant = (model: Model, what: Racer, grant: string): Deed => {
  if (what === 'sweep') return { what };
  if (what === 'vend') return vendTo(model, grant);
  if (what === 'contain') return { what, scope: { kind: 'task', key: known(model, grant).task } };
  return what === 'end task' ? { what, task: known(model, grant).task } : { what, grant };
};

interface Race {
  readonly grant: string;
  readonly slow: Racer;
  /** Where it stands still. */
  readonly point: number;
  readonly quick: Racer;
  /** Where the quick one dies, if it does. */
  readonly killedAt: number | undefined;
}

const deathOf = ({ killedAt }: Pick<Race, 'killedAt'>): Interruption | undefined =>
  killedAt === undefined ? undefined : { point: killedAt, how: 'killed' };

const toldOfRace = (race: Omit<Race, 'grant'>): string =>
  `${race.slow} (paused at ${race.point}), meanwhile ${race.quick}${toldOf(deathOf(race))}`;

/** Two at a time about one grant: one stands still somewhere while the other comes and goes, and then goes on. */
const run = async (model: Model, world: World, race: Race): Promise<void> => {
  const { grant, slow, quick, point } = race;
  const before = world.paused.length;
  await doAndLearn(model, world, { deed: aboutGrant(model, slow, grant), stop: { point, how: 'paused' } });
  await doAndLearn(model, world, { deed: aboutGrant(model, quick, grant), stop: deathOf(race) });
  if (world.paused.length > before) await proceed(model, world, { which: 0, as: 'resumed' });
};

const killedAt = fc.oneof(
  { weight: 3, arbitrary: fc.constant(undefined) },
  { weight: 1, arbitrary: fc.integer({ min: 1, max: 10 }) },
);
const ENDS = ['release', 'revoke', 'end task', 'end task', 'end access', 'end access'] as const;

export const race: fc.Arbitrary<Command> = fc
  .record({
    which: pick,
    slow: fc.constantFrom<Racer>('vend', 'vend', 'activate', 'end access', 'sweep'),
    quick: fc.constantFrom<Racer>(...ENDS, 'activate', 'vend', 'sweep'),
    point: fc.integer({ min: 1, max: 9 }),
    killedAt,
  })
  .map(({ which, ...drawn }) =>
    command({
      told: `${toldOfRace(drawn)}, about grant ${which}`,
      isPossible: hasGrants,
      play: (model, world) => run(model, world, { ...drawn, grant: latest(model.grants.keys(), which) }),
    }),
  );

/** What is started or signalled meanwhile does not arrive. */
const withoutWorkflows = async (model: Model, world: World, act: () => Promise<void>): Promise<void> => {
  const work = model.workflowsWork;
  const set = (works: boolean) => {
    model.workflowsWork = works;
    world.setWorkflows(works);
  };
  set(false);
  await act();
  set(work);
};

/** One that is only now asked for and that nobody else activates: ended while that stands still, or before it begins. */
export const raceToActive = (kinds: readonly ResourceKind[]): fc.Arbitrary<Command> =>
  fc
    .record({
      kind: fc.constantFrom(...kinds),
      isBefore: fc.boolean(),
      slow: fc.constant<Racer>('activate'),
      quick: fc.constantFrom<Racer>(...ENDS, 'contain', 'activate', 'sweep'),
      point: fc.integer({ min: 1, max: 13 }),
      killedAt,
    })
    .map(({ kind, isBefore, ...drawn }) =>
      command({
        told: `ask ${kind}, ${isBefore ? `${drawn.quick}, activate` : toldOfRace(drawn)}`,
        isPossible: hasTasks,
        async play(model, world) {
          let grant: string | undefined;
          await withoutWorkflows(model, world, async () => {
            const deed = { what: 'ask', task: latest(model.tasks.keys(), 0), kind, seconds: 600 } as const;
            const asked = await doAndLearn(model, world, { deed, stop: undefined });
            grant = asked.came === 'done' ? asked.made : undefined;
            if (grant === undefined || !isBefore) return;
            await doAndLearn(model, world, { deed: aboutGrant(model, drawn.quick, grant), stop: undefined });
            await doAndLearn(model, world, { deed: { what: 'activate', grant }, stop: undefined });
          });
          if (grant !== undefined && !isBefore) await run(model, world, { ...drawn, grant });
        },
      }),
    );

/** Whoever asks stands still while what is asked for is stopped, and while passes over it find nothing. */
export const raceWithStop = (kinds: readonly ResourceKind[]): fc.Arbitrary<Command> =>
  fc
    .record({
      kind: fc.constantFrom(...kinds),
      point: fc.integer({ min: 1, max: 5 }),
      rounds: fc.integer({ min: 1, max: 3 }),
      ms: fc.integer({ min: 9 * SECOND_MS, max: 13 * SECOND_MS }),
    })
    .map(({ kind, point, rounds, ms }) =>
      command({
        told: `ask ${kind} (paused at ${point}), meanwhile contain it, ${rounds} times ${ms} ms and a sweep`,
        isPossible: hasTasks,
        async play(model, world) {
          const before = world.paused.length;
          const deed = { what: 'ask', task: latest(model.tasks.keys(), 0), kind, seconds: 600 } as const;
          await doAndLearn(model, world, { deed, stop: { point, how: 'paused' } });
          const stop = { what: 'contain', scope: ofKind(kind) } as const;
          await doAndLearn(model, world, { deed: stop, stop: undefined });
          for (let round = 0; round < rounds; round += 1) {
            world.pass(ms);
            await doAndLearn(model, world, { deed: { what: 'sweep' }, stop: undefined });
          }
          if (world.paused.length > before) await proceed(model, world, { which: 0, as: 'resumed' });
        },
      }),
    );

/** Nobody hears of an end; the sweeper does, some time later. */
export const lostSignal: fc.Arbitrary<Command> = fc
  .record({
    which: pick,
    end: fc.constantFrom<Racer>(...ENDS),
    ms: fc.integer({ min: 0, max: 80 * SECOND_MS }),
  })
  .map(({ which, end, ms }) =>
    command({
      told: `${end} ${which}, of which nobody hears; ${ms} ms later a sweep`,
      isPossible: hasGrants,
      play: (model, world) =>
        withoutWorkflows(model, world, async () => {
          const grant = latest(model.grants.keys(), which);
          await doAndLearn(model, world, { deed: aboutGrant(model, end, grant), stop: undefined });
          world.pass(ms);
          await doAndLearn(model, world, { deed: { what: 'sweep' }, stop: undefined });
        }),
    }),
  );
