import fc from 'fast-check';
import { kindsOn } from '../../bin/kind-access.ts';
import type { ResourceKind } from '../../lambdas/core/config/resource.ts';
import type { RunningStack } from '../e2e/running-stack.ts';
import { KIND_NAMES } from '../support/kinds.ts';
import { begin, events, eventsInRealTime } from './events.ts';
import { newModel } from './model.ts';
import { settle, settleInRealTime } from './settle.ts';
import { stackWorld } from './stack-world.ts';
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

/** How long sequences are begun; the last one is played to its end. */
const REAL_TIME_MS = 75_000;

/**
 * A few sequences on the product as it runs, in real time: as many as there is time for. A failure is told as it came, for making
 * it smaller would take hours. They are counted here, for fast-check's own limit of time would leave the last one running unseen.
 */
export const playInRealTime = async (
  running: RunningStack,
  seed: number,
): Promise<ReadonlyMap<string, number>> => {
  const told = new Map<string, number>();
  const tell = (what: string) => void told.set(what, (told.get(what) ?? 0) + 1);
  const kindsHere = kindsOn(running.stack());
  const sequence = fc.asyncProperty(
    fc.array(fc.constantFrom(...kindsHere), { minLength: 1, maxLength: 2 }),
    fc.commands(eventsInRealTime(kindsHere), { maxCommands: 20, size: 'max' }),
    async (kinds, commands) => {
      const world = await stackWorld(running);
      const model = newModel({ pausedCount: () => 0, tell });
      try {
        await begin(model, world, { leaseSeconds: undefined, kinds });
        await fc.asyncModelRun(() => ({ model, real: world }), commands);
        await settleInRealTime(model, world);
      } finally {
        await world.close();
      }
    },
  );
  const startedAt = Date.now();
  for (let played = 0; Date.now() < startedAt + REAL_TIME_MS; played += 1)
    await fc.assert(sequence, { endOnFailure: true, numRuns: 1, seed, path: String(played) });
  return told;
};
