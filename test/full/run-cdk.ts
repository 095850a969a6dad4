import { execFile } from 'node:child_process';
import { dirname, resolve } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);
const CDK = resolve(import.meta.dirname, '../../node_modules/.bin/cdk');
const TIMEOUT_MS = 120_000;

export interface CdkCall {
  readonly args: readonly string[];
  /** Where its `cdk.json` is. */
  readonly cwd: string;
  readonly env: Readonly<Record<string, string>>;
}

/** CDK's own command line as `npx cdk` starts it. Answers what it printed; throws with that when it fails. */
export const runCdk = async ({ args, cwd, env }: CdkCall): Promise<string> => {
  const path = `${dirname(process.execPath)}:${process.env.PATH}`;
  try {
    const { stdout, stderr } = await run(CDK, [...args], {
      cwd,
      env: { PATH: path, HOME: cwd, CDK_HOME: cwd, CI: 'true', CDK_DISABLE_CLI_TELEMETRY: 'true', ...env },
      timeout: TIMEOUT_MS,
      maxBuffer: 16 * 1024 * 1024,
    });
    return stdout + stderr;
  } catch (error) {
    const { stdout = '', stderr = '' } = error as { stdout?: string; stderr?: string };
    throw new Error(`cdk ${args[0]} failed:\n${stdout}${stderr}`, { cause: error });
  }
};
