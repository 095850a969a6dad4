import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { newSshKeyPair, type SshKeyPair } from '../../examples/targets/ssh-key-pair.ts';
import { sshIssuer } from '../../lambdas/adapters/ssh/ssh-issuer.ts';
import { sshTarget } from '../../lambdas/adapters/ssh/ssh-target.ts';
import type { Credential } from '../../lambdas/app/credential.ts';
import type { CloseReport } from '../../lambdas/app/ports-of-targets.ts';
import type { SshResource } from '../../lambdas/core/config/resource.ts';
import type { ActiveGrant, EndedGrant } from '../../lambdas/core/grant/grant.ts';
import { parsePublicKey } from '../../lambdas/core/ssh/public-key.ts';
import { credentialEnvironment } from '../../lambdas/http/credential-views.ts';
import { SSH_ACTIVATING, SSH_RESOURCE } from '../support/ssh-facts.ts';
import { startMachineServices } from '../support/ssh-stage.ts';
import { type LinuxMachine, type MachineKind, startLinuxMachine } from './start-linux-machine.ts';
import { WORK_DIR } from './tools.ts';

const run = promisify(execFile);
const PAGE = readFileSync('docs/targets/ssh.md', 'utf8');

/** What is to be run on the machine, as the page has it. */
export const documentedSetup = (): string => /```sh\n(useradd[\s\S]*?)```/.exec(PAGE)?.[1] ?? '';

const GRANT: ActiveGrant = {
  ...SSH_ACTIVATING,
  ...{ state: 'active', activatedAt: Date.now(), expiresAt: Date.now() + 600_000, credentialsIssued: 0 },
};

/** One key that was let in, with which the real client logs in as a caller would. */
export interface Login {
  readonly keys: SshKeyPair;
  /** Runs a command there, as long as it takes; rejects with what the client said. */
  run(command: string): Promise<string>;
  /** Leaves one running. `closed` resolves with the client's status once it is over. */
  leave(command: string): Promise<{ readonly closed: Promise<number | null> }>;
}

export type SshScene = Awaited<ReturnType<typeof startSshScene>>;

/** A machine with everything that leads to it: the adapters of `vend` and `revoker`, AWS's two services and the real document. */
export const startSshScene = async (kind: MachineKind) => {
  const workDir = join(WORK_DIR, 'ssh');
  mkdirSync(workDir, { recursive: true });
  const { instanceId } = SSH_RESOURCE.target;
  const machine: LinuxMachine = await startLinuxMachine(kind, { workDir, instanceId });
  const services = await startMachineServices([machine]);
  const folder = mkdtempSync(join(tmpdir(), 'latchkey-ssh-'));
  const resource: SshResource = {
    ...SSH_RESOURCE,
    target: { ...SSH_RESOURCE.target, host: '127.0.0.1', port: machine.port, hostKeys: [machine.hostKey] },
  };
  const target = sshTarget({ runOnMachine: services.runOnMachine, clock: Date.now });
  const issuer = sshIssuer({ pushKey: services.pushKey, clock: Date.now });
  const left: ChildProcess[] = [];
  let logins = 0;
  const letIn = async (keys = newSshKeyPair(), of = resource): Promise<Login> => {
    const read = parsePublicKey(keys.publicKey);
    if (!read.ok) throw new Error(read.failure);
    const issued = await issuer.issue({ resource: of, grant: GRANT, id: 'c_1', publicKey: read.value });
    if (!issued.ok) throw new Error(issued.failure.code);
    await issued.value.release?.();
    const { content, expiresAt } = issued.value;
    const credential: Credential = { id: 'c_1', grantId: GRANT.id, expiresAt, ...content };
    logins += 1;
    const file = join(folder, `key-${logins}`);
    writeFileSync(file, keys.privateKey, { mode: 0o600 });
    // As the page says: what was answered is evaluated, and the client is given the file.
    const words = (command: string) => [
      '-c',
      `${credentialEnvironment(credential)}exec ssh -F "$LATCHKEY_SSH_CONFIG" -i ${file} -o BatchMode=yes machine "$0"`,
      command,
    ];
    return {
      keys,
      run: async (command) => (await run('sh', words(command))).stdout,
      async leave(command) {
        const child = spawn('sh', words(`echo here; ${command}`), { stdio: ['ignore', 'pipe', 'ignore'] });
        left.push(child);
        const closed = new Promise<number | null>((resolve) => child.once('exit', resolve));
        await new Promise<void>((resolve, reject) => {
          child.stdout.once('data', () => resolve());
          child.once('exit', () => reject(new Error('it was not let in')));
        });
        return { closed };
      },
    };
  };
  const end = (...logins: readonly Login[]): Promise<CloseReport> => {
    const publicKeys = logins.map(({ keys }) => keys.publicKey);
    const grant: EndedGrant = {
      ...GRANT,
      ...{ state: 'released', cause: 'released_by_principal', endedAt: Date.now(), publicKeys },
      ending: { status: 'pending', attempts: 0, nextAttemptAt: 0, lastError: undefined },
    };
    return target.close({ resource, grantId: GRANT.id, grant, since: Date.now() });
  };
  return {
    machine,
    resource,
    letIn,
    end,
    /** What a machine lacks to take part, by the name of the error; undefined: nothing. */
    lack: async (): Promise<string | undefined> => {
      const opening = target.open({ resource, grant: SSH_ACTIVATING, isStillWanted: async () => true });
      return opening.then(
        () => undefined,
        (error: unknown) => (error instanceof Error ? error.name.replace('MachineNotReady:', '') : 'unknown'),
      );
    },
    /** Commands of everything that runs as the user, or as its subordinates. */
    running: async (): Promise<readonly string[]> => {
      const listed = await machine.asRoot(
        "ps -e -o uid=,stat=,args= | awk -v uid=$(id -u agent) '($1 == uid || $1 >= 100000) && $2 !~ /^Z/'",
      );
      return listed.split('\n').filter((line) => line !== '');
    },
    stop: async () => {
      for (const child of left) child.kill('SIGKILL');
      await services.close();
      await machine.stop();
      rmSync(folder, { recursive: true, force: true });
    },
  };
};
