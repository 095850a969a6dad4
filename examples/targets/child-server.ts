import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:net';

export interface ChildServer {
  /** What it has printed, for the message of a failure. */
  readonly output: () => string;
  readonly stop: () => Promise<void>;
}

export interface ChildCommand {
  readonly command: string;
  readonly args: readonly string[];
  readonly cwd: string;
  /** All of its environment: nothing of ours goes along, credentials above all. */
  readonly env: Readonly<Record<string, string>>;
  /** Whether it answers yet; asked until it does. May throw. */
  readonly isUp: () => Promise<boolean>;
  readonly startTimeoutMs: number;
}

const POLL_MS = 100;
const STOP_GRACE_MS = 5_000;
const OUTPUT_KEPT_CHARACTERS = 20_000;

/** Starts a server and waits until it answers. It never outlives the process that started it. */
export const startChildServer = async (wish: ChildCommand): Promise<ChildServer> => {
  const child = spawn(wish.command, wish.args, {
    cwd: wish.cwd,
    env: wish.env,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  const keep = (chunk: unknown) => {
    output = (output + String(chunk)).slice(-OUTPUT_KEPT_CHARACTERS);
  };
  child.stdout.on('data', keep);
  child.stderr.on('data', keep);
  child.on('error', (error) => keep(error.message));
  const killWithUs = () => child.kill('SIGKILL');
  process.once('exit', killWithUs);
  const stop = async () => {
    process.off('exit', killWithUs);
    await stopChild(child);
  };
  const deadline = Date.now() + wish.startTimeoutMs;
  while (!(await wish.isUp().catch(() => false))) {
    if (child.exitCode !== null || child.pid === undefined || Date.now() > deadline) {
      await stop();
      throw new Error(`${wish.command} did not start:\n${output}`);
    }
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
  return { output: () => output, stop };
};

const stopChild = async (child: ChildProcess): Promise<void> => {
  if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return;
  const exited = once(child, 'exit');
  const force = setTimeout(() => child.kill('SIGKILL'), STOP_GRACE_MS);
  child.kill('SIGTERM');
  await exited;
  clearTimeout(force);
};

/** A port of 127.0.0.1 that nothing listens on; another process may still be quicker to take it. */
export const freePort = async (): Promise<number> => {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  if (address === null || typeof address === 'string') throw new TypeError('a server without a port');
  return address.port;
};
