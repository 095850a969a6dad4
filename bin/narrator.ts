import type { ApiAnswer } from './api-client.ts';
import { type Output, paint } from './terminal.ts';

/** Tells a story in numbered steps: what happens, what came of it, when, and where it is in the trail. */
export interface Narrator {
  title(text: string): void;
  /** Something that takes a while has begun. */
  progress(what: string): void;
  note(text: string): void;
  step(what: string, details: readonly string[], answer?: ApiAnswer): void;
}

export const createNarrator = (output: Output): Narrator => {
  const startedAt = performance.now();
  let count = 0;
  const write = (text: string) => output.write(`${text}\n`);
  const elapsed = () => `${((performance.now() - startedAt) / 1000).toFixed(1)} s`.padStart(7);
  return {
    title: (text) => write(`\n${paint(output, 'bold', text)}\n`),
    progress: (what) => write(paint(output, 'dim', `${elapsed()}     ${what} …`)),
    note: (text) => write(`\n${text}\n`),
    step(what, details, answer) {
      count += 1;
      const status = answer
        ? paint(output, answer.status < 400 ? 'green' : 'yellow', ` ${answer.status}`)
        : '';
      write(
        `${paint(output, 'dim', elapsed())} ${paint(output, 'bold', `${String(count).padStart(2)}. ${what}`)}${status}`,
      );
      for (const detail of details) write(`            ${detail}`);
      if (answer?.receipt) write(paint(output, 'dim', `            trail: ${shorten(answer.receipt)}`));
    },
  };
};

const shorten = (receipt: string): string => `${receipt.slice(0, -64)}${receipt.slice(-64, -52)}…`;
