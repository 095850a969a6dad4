import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';

export interface CommandRun {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

/** Runs one of our commands as a process of its own, in a pipe, and waits for its end. */
export const runCommand = async (
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Promise<CommandRun> => {
  const child = spawn(process.execPath, args, {
    // Most of what a command takes is the reading of its code, which is the same each time.
    env: { PATH: process.env.PATH, NODE_COMPILE_CACHE: '.latchkey/compile-cache', ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const [out, err, [code]] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    once(child, 'close'),
  ]);
  return { code, out, err };
};
