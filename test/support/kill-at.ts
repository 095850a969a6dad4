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

/** Plays with one more call survived each time, each in an app of its own, until nothing is left to kill. Says how many points there were. */
export const killAtEveryPoint = async (
  play: (app: App, point: number) => Promise<{ readonly wasReached: boolean }>,
): Promise<number> => {
  for (let point = 1; ; point += 1) {
    const app = await startApp();
    try {
      const { wasReached } = await play(app, point);
      if (!wasReached) return point - 1;
    } finally {
      await app.tables.close();
    }
  }
};
