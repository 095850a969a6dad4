import { type App, startApp } from './app.ts';

export class Killed extends Error {}

/** Counts every call that leaves the process and kills it before or after the one that was picked. */
export const killAt = (point: number) => {
  let calls = 0;
  let isDead = false;
  const pass = async <T>(act: () => Promise<T>): Promise<T> => {
    if (isDead) throw new Killed();
    calls += 1;
    const isPicked = Math.ceil(point / 2) === calls;
    if (isPicked && point % 2 === 1) isDead = true;
    if (isDead) throw new Killed();
    const answer = await act();
    if (isPicked) isDead = true;
    if (isDead) throw new Killed();
    return answer;
  };
  const wrap = <T extends object>(port: T): T =>
    Object.fromEntries(
      Object.entries(port).map(([name, call]) => [name, (...given: unknown[]) => pass(() => call(...given))]),
    ) as T;
  return { pass, wrap, wasReached: () => Math.ceil(point / 2) <= calls };
};

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
