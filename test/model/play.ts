import fc from 'fast-check';
import type { ResourceKind } from '../../lambdas/core/config/resource.ts';
import { KIND_NAMES } from '../support/kinds.ts';
import { begin, events } from './events.ts';
import { newModel } from './model.ts';
import { settle } from './settle.ts';
import type { World } from './world.ts';

export interface Play {
  readonly newWorld: (kinds: readonly ResourceKind[]) => Promise<World>;
  readonly runs: number;
  /** Undefined: another one each time. A failure prints it. */
  readonly seed?: number | undefined;
  readonly longest?: number | undefined;
}

/** Plays sequences of events, each in a world of its own, and lets everything come to rest after each. Answers what has come about, and how often. */
export const playEvents = async ({
  newWorld,
  runs,
  seed,
  longest = 30,
}: Play): Promise<ReadonlyMap<string, number>> => {
  const told = new Map<string, number>();
  const tell = (what: string) => void told.set(what, (told.get(what) ?? 0) + 1);
  await fc.assert(
    fc.asyncProperty(
      fc.record({
        leaseSeconds: fc.constantFrom(undefined, 60),
        kinds: fc.array(fc.constantFrom(...KIND_NAMES), { minLength: 1, maxLength: 2 }),
      }),
      fc.commands(events(KIND_NAMES), { maxCommands: longest, size: 'max' }),
      fc.constantFrom('resumed', 'killed'),
      async (first, commands, as) => {
        const world = await newWorld(KIND_NAMES);
        const model = newModel({ pausedCount: () => world.paused.length, tell });
        try {
          await begin(model, world, first);
          await fc.asyncModelRun(() => ({ model, real: world }), commands);
          await settle(model, world, as);
        } finally {
          await world.close();
        }
      },
    ),
    { numRuns: runs, ...(seed === undefined ? {} : { seed }) },
  );
  return told;
};
