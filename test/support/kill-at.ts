import { AsyncLocalStorage } from 'node:async_hooks';
import { type App, startApp } from './app.ts';

export class Killed extends Error {}

const inside = new AsyncLocalStorage<true>();

/** Where a process stops: before the first call (1), after it (2), before the second one (3) … */
export interface Interruption {
  readonly point: number;
  /** `killed`: for ever. `paused`: until somebody lets it go on, or does not. */
  readonly how: 'killed' | 'paused';
}

/** Counts every call that leaves a process and stops it before or after the one that was picked. */
export const interruptAt = ({ point, how }: Interruption) => {
  let calls = 0;
  let underWay = 0;
  let state: 'running' | 'stopping' | 'dead' = 'running';
  const stopped = Promise.withResolvers<'stopped'>();
  const decision = Promise.withResolvers<void>();
  /** A process that is frozen is so in all its threads, when what they have asked for has come about. */
  const stop = () => {
    state = how === 'killed' ? 'dead' : 'stopping';
  };
  const settle = async () => {
    if (state === 'stopping') {
      // A call that is made inside another one keeps that one waiting too.
      const outer = inside.getStore() ? 1 : 0;
      underWay -= outer;
      if (underWay === 0) stopped.resolve('stopped');
      await decision.promise;
      underWay += outer;
    }
    if (state === 'dead') throw new Killed();
  };
  const pass = async <T>(act: () => Promise<T>): Promise<T> => {
    await settle();
    calls += 1;
    const isPicked = Math.ceil(point / 2) === calls;
    if (isPicked && point % 2 === 1) stop();
    await settle();
    underWay += 1;
    const answer = await inside.run(true, act).finally(() => {
      underWay -= 1;
    });
    if (isPicked && point % 2 === 0) stop();
    await settle();
    return answer;
  };
  const wrap = <T extends object>(port: T): T =>
    Object.fromEntries(
      Object.entries(port).map(([name, call]) => [name, (...given: unknown[]) => pass(() => call(...given))]),
    ) as T;
  return {
    pass,
    wrap,
    wasReached: () => Math.ceil(point / 2) <= calls,
    /** When it stands still. Never, where it was killed. */
    stopped: stopped.promise,
    goOn(as: 'resumed' | 'killed') {
      state = as === 'killed' ? 'dead' : 'running';
      decision.resolve();
    },
  };
};

export const killAt = (point: number) => interruptAt({ point, how: 'killed' });

/**
 * Plays with more calls survived each time, each in an app of its own, until nothing is left to kill: at every point, or at
 * one of so many, an odd number, so that it dies before calls and after them. Says how many points there were, at least.
 */
export const killAtEveryPoint = async (
  play: (app: App, point: number) => Promise<{ readonly wasReached: boolean }>,
  oneOf: number,
): Promise<number> => {
  for (let point = 1; ; point += oneOf) {
    const app = await startApp();
    try {
      const { wasReached } = await play(app, point);
      if (!wasReached) return point - oneOf;
    } finally {
      await app.tables.close();
    }
  }
};
