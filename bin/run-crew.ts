import { spawn } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { text } from 'node:stream/consumers';
import { EXAMPLE } from './crewai-environment.ts';

export interface CrewRun {
  readonly python: string;
  /** A script and its arguments; `orders_crew.py` of the example unless said otherwise. */
  readonly script?: readonly string[];
  readonly baseUrl: string;
  /** The crew's own OIDC token. */
  readonly token: string;
  /** CrewAI keeps its last answers, a key and settings below the home directory: it gets one of its own. */
  readonly home: string;
}

export interface CrewOutcome {
  /** `null`: ended by a signal. */
  readonly exitCode: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a crew in a process whose environment holds what it needs and nothing of ours: no keys, no proxies. */
export const runCrew = async (run: CrewRun): Promise<CrewOutcome> => {
  mkdirSync(run.home, { recursive: true });
  const child = spawn(run.python, [...(run.script ?? ['orders_crew.py'])], {
    cwd: EXAMPLE,
    env: {
      PATH: process.env.PATH,
      HOME: run.home,
      PYTHONPATH: EXAMPLE,
      PYTHONUTF8: '1',
      PYTHONDONTWRITEBYTECODE: '1',
      LATCHKEY_URL: run.baseUrl,
      LATCHKEY_TOKEN: run.token,
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const exited = new Promise<number | null>((done, reject) => child.on('exit', done).on('error', reject));
  const [exitCode, stdout, stderr] = await Promise.all([exited, text(child.stdout), text(child.stderr)]);
  return { exitCode, stdout, stderr };
};
