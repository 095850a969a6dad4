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
