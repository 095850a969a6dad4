import fc from 'fast-check';
import type { ResourceKind } from '../../lambdas/core/config/resource.ts';
import { AWS_CLOCK_SKEW_MS, SECOND_MS } from '../../lambdas/core/limits.ts';
import { type Command, command, doAndLearn, hasGrants, latest, pick } from './command.ts';
import { assertHolds, known } from './holds.ts';
import type { Model } from './model.ts';
import { ofKind } from './stops.ts';
import type { World } from './world.ts';

/** What is around us changes; everything that held must hold still. */
const around = <A>(
  drawn: fc.Arbitrary<A>,
  what: {
    readonly told: (drawn: A) => string;
    readonly change: (model: Model, world: World, drawn: A) => void;
  },
): fc.Arbitrary<Command> =>
  drawn.map((given) =>
    command({
      told: what.told(given),
      async play(model, world) {
        what.change(model, world, given);
        await assertHolds(model, world);
      },
    }),
  );

export const pass = around(
  fc.oneof(
    { weight: 6, arbitrary: fc.integer({ min: 0, max: 20 * SECOND_MS }) },
    { weight: 3, arbitrary: fc.constantFrom(60 * SECOND_MS, 75 * SECOND_MS) },
    { weight: 1, arbitrary: fc.constantFrom(610 * SECOND_MS, 3_700 * SECOND_MS) },
  ),
  { told: (ms) => `${ms} ms pass`, change: (_, world, ms) => world.pass(ms) },
);

export const skew = (kinds: readonly ResourceKind[]) =>
  around(
    fc.record({
      kind: fc.constantFrom(...kinds),
      ms: fc
        .constantFrom(-AWS_CLOCK_SKEW_MS, 0, AWS_CLOCK_SKEW_MS)
        .chain((most) => fc.integer({ min: Math.min(0, most), max: Math.max(0, most) })),
    }),
    {
      told: ({ kind, ms }) => `the clock of ${kind} is ${ms} ms ahead`,
      change: (model, world, { kind, ms }) => {
        model.skews.set(kind, ms);
        world.setSkew(kind, ms);
      },
    },
  );

/** The target's clock is as far behind as it may be when the window of a grant is over by ours. */
export const justAfterWindow = fc
  .record({ which: pick, lateMs: fc.integer({ min: 0, max: AWS_CLOCK_SKEW_MS + SECOND_MS }) })
  .map(({ which, lateMs }) =>
    command({
      told: `${lateMs} ms after the window of grant ${which}, by a clock that is behind`,
      isPossible: hasGrants,
      async play(model, world) {
        const { kind, windowEnd = 0 } = known(model, latest(model.grants.keys(), which));
        model.skews.set(kind, -AWS_CLOCK_SKEW_MS);
        world.setSkew(kind, -AWS_CLOCK_SKEW_MS);
        if (windowEnd > world.now()) world.pass(windowEnd + lateMs - world.now());
        await assertHolds(model, world);
      },
    }),
  );

export const away = (kinds: readonly ResourceKind[]) =>
  around(fc.record({ kind: fc.constantFrom(...kinds), isAway: fc.boolean() }), {
    told: ({ kind, isAway }) => `${kind} is ${isAway ? 'away' : 'back'}`,
    change: (model, world, { kind, isAway }) => {
      if (isAway) model.away.add(kind);
      else model.away.delete(kind);
      world.setAway(kind, isAway);
    },
  });

/** What is stopped while its target is away ends only when that is back: until then the stop has not settled. */
export const outageOfStopped = (kinds: readonly ResourceKind[]) =>
  fc.constantFrom(...kinds).map((kind) =>
    command({
      told: `${kind} is away, and stopped`,
      isPossible: hasGrants,
      async play(model, world) {
        model.away.add(kind);
        world.setAway(kind, true);
        await doAndLearn(model, world, { deed: { what: 'contain', scope: ofKind(kind) }, stop: undefined });
        for (let round = 0; round < 4; round += 1) {
          world.pass(20 * SECOND_MS);
          await doAndLearn(model, world, { deed: { what: 'sweep' }, stop: undefined });
        }
        model.away.delete(kind);
        world.setAway(kind, false);
      },
    }),
  );

const mostly = fc.constantFrom(true, true, false);

/** For long enough that it is tried again and again, ever less often. */
export const outage = (kinds: readonly ResourceKind[]) =>
  fc
    .record({ kind: fc.constantFrom(...kinds), rounds: fc.integer({ min: 3, max: 10 }) })
    .map(({ kind, rounds }) =>
      command({
        told: `${kind} is away for ${rounds} rounds`,
        isPossible: hasGrants,
        async play(model, world) {
          model.away.add(kind);
          world.setAway(kind, true);
          for (let round = 0; round < rounds; round += 1) {
            world.pass(2 ** round * 10 * SECOND_MS);
            await doAndLearn(model, world, { deed: { what: 'sweep' }, stop: undefined });
          }
          model.away.delete(kind);
          world.setAway(kind, false);
        },
      }),
    );

export const workflows = around(mostly, {
  told: (work) => `workflows and signals ${work ? 'arrive' : 'are lost'}`,
  change: (model, world, work) => {
    model.workflowsWork = work;
    world.setWorkflows(work);
  },
});

export const policy = around(mostly, {
  told: (gives) => `policy gives ${gives ? 'it' : 'nothing'}`,
  change: (model, world, gives) => {
    if (gives !== model.gives) model.notGiven = new Set(gives ? [] : model.grants.keys());
    model.gives = gives;
    world.setPolicy(gives);
  },
});
