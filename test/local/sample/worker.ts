import { setTimeout as sleep } from 'node:timers/promises';

/** Does what its event says, so that a test can see a function answer, fail, hang, crash and log. */
interface Wish {
  readonly do?: string;
  readonly value?: unknown;
  readonly ms?: number;
}

class TaskRefused extends Error {
  override readonly name = 'TaskRefused';
}

let events = 0;

export const handler = async (
  wish: Wish,
  context: { getRemainingTimeInMillis(): number },
): Promise<unknown> => {
  events += 1;
  switch (wish.do) {
    case 'refuse':
      throw new TaskRefused('as told');
    case 'sleep':
      await sleep(wish.ms);
      return { slept: wish.ms, events };
    case 'exit':
      return process.exit(3);
    case 'exhaust': {
      const hoard: unknown[] = [];
      for (;;) hoard.push(new Array(1_000_000).fill(wish));
    }
    case 'log':
      console.log(wish.value);
      console.error('to stderr');
      return {};
    case 'environment':
      return process.env;
    case 'context':
      return { ...context, left: context.getRemainingTimeInMillis() };
    case 'nothing':
      return undefined;
    default:
      return { events, echo: wish };
  }
};
