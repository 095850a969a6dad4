import { DependencyUnavailable } from '../../lambdas/app/ports.ts';
import { type Interruption, interruptAt, Killed } from '../support/kill-at.ts';
import type { Came, Deed, Paused } from './world.ts';

export type Gate = Pick<ReturnType<typeof interruptAt>, 'pass' | 'wrap'>;

/** No function runs longer: Lambda ends it, frozen or not. */
export const FUNCTION_MAX_MS = 60_000;

/** Processes that can be killed or frozen at any of their calls. What they were frozen with in hand is old when they go on. `work` is what they set off. */
export const processes = (clock: () => number, work: () => Promise<void>) => {
  const paused: Paused[] = [];
  const begin = async (
    deed: Deed,
    interruption: Interruption | undefined,
    act: (gate: Gate) => Promise<Came>,
  ): Promise<Came> => {
    const gate = interruptAt(interruption ?? { point: 0, how: 'killed' });
    const startedAt = clock();
    const done = act(gate).catch(cameOf);
    const first = await Promise.race([done, gate.stopped]);
    // What was signalled by then is on its way, whoever has sent it.
    await work();
    if (first !== 'stopped') return first;
    const one: Paused = {
      deed,
      goOn: async (as) => {
        paused.splice(paused.indexOf(one), 1);
        gate.goOn(clock() < startedAt + FUNCTION_MAX_MS ? as : 'killed');
        const came = await done;
        await work();
        return came;
      },
    };
    paused.push(one);
    return { came: 'stopped' };
  };
  return { begin, paused };
};

const cameOf = (error: unknown): Came => {
  if (error instanceof Killed) return { came: 'stopped' };
  if (error instanceof DependencyUnavailable) return { came: 'refused', code: 'unavailable' };
  throw error;
};
