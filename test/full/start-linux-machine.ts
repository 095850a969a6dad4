import { execFile, spawn } from 'node:child_process';
import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { promisify } from 'node:util';
import { freePort, startChildServer } from '../../examples/targets/child-server.ts';
import type { LocalMachine, MachineOutput } from '../../examples/targets/machine-services.ts';

const run = promisify(execFile);

export interface LinuxMachine extends LocalMachine {
  readonly port: number;
  /** As in `known_hosts`, without the name. */
  readonly hostKey: string;
  /** Runs text as root in it, by a shell; answers what it printed. */
  asRoot(script: string): Promise<string>;
  stop(): Promise<void>;
}

/** `systemd`: with journald and logind. `bare`: sshd and a text log. */
export type MachineKind = 'systemd' | 'bare';

const START_TIMEOUT_MS = 30_000;
/** As EC2 Instance Connect offers a key. */
const PUSHED_MS = 60_000;
const SCRIPT = join(import.meta.dirname, 'linux-machine.sh');
const PATH = '/usr/sbin:/usr/bin:/sbin:/bin';

/** Words of a command that root runs. Whoever is not root must be allowed to by sudo, without being asked. */
const rootWords = (...words: string[]): [string, string[]] => {
  const [command = '', ...args] = process.getuid?.() === 0 ? words : ['sudo', '-n', ...words];
  return [command, args];
};

/** What stands in the place of EC2 Instance Connect's own command, which asks the metadata of the instance. */
const setup = (port: number): string => `
rm -f /etc/ssh/ssh_host_*
ssh-keygen -q -t ed25519 -N '' -C '' -f /etc/ssh/ssh_host_ed25519_key
cp /etc/ssh/ssh_host_ed25519_key.pub /srv/shared/host.pub
cat >/etc/ssh/sshd_config.d/10-stand-in.conf <<'EOF'
Port ${port}
ListenAddress 127.0.0.1
HostKey /etc/ssh/ssh_host_ed25519_key
AuthorizedKeysCommand /bin/cat /srv/shared/keys/%u
AuthorizedKeysCommandUser root
MaxStartups 100
EOF
`;

/** A real sshd on a machine of its own, with the local EC2 Instance Connect for its keys. It never outlives this process. */
export const startLinuxMachine = async (
  kind: MachineKind,
  { workDir, instanceId }: { readonly workDir: string; readonly instanceId: string },
): Promise<LinuxMachine> => {
  const [work, shared] = [join(workDir, kind), join(workDir, `${kind}-shared`)];
  await run(...rootWords('rm', '-rf', work, shared));
  for (const dir of [work, join(shared, 'keys')]) mkdirSync(dir, { recursive: true });
  const port = await freePort();
  writeFileSync(join(shared, 'setup.sh'), setup(port));
  const group = await newGroup(kind);
  const inGroup = `echo $$ >${group}/cgroup.procs && exec "$@"`;
  const unshare = ['unshare', '-m', '-p', '-f', '-C', '-u', '--kill-child', '--propagation', 'private'];
  const [command, args] = rootWords('sh', '-c', inGroup, 'sh', ...unshare, 'sh', SCRIPT, kind, work, shared);
  const server = await startChildServer({
    ...{ command, args, cwd: work, env: { PATH } },
    isUp: () => listens(port),
    startTimeoutMs: START_TIMEOUT_MS,
  });
  const pid = readFileSync(join(shared, 'pid'), 'utf8').trim();
  const enter = rootWords(
    'nsenter',
    '-t',
    pid,
    '-m',
    '-p',
    '-C',
    '-u',
    '-r',
    '-w',
    'env',
    '-i',
    `PATH=${PATH}`,
  );
  const inside = (script: string): Promise<MachineOutput> => inShell(enter, script);
  const timers: NodeJS.Timeout[] = [];
  const offered = new Map<string, readonly string[]>();
  const offer = (user: string, change: (lines: readonly string[]) => readonly string[]) => {
    const lines = change(offered.get(user) ?? []);
    offered.set(user, lines);
    const file = join(shared, 'keys', user);
    // As a whole: sshd may be reading it.
    writeFileSync(`${file}.new`, lines.map((line) => `${line}\n`).join(''));
    renameSync(`${file}.new`, file);
  };
  return {
    instanceId,
    port,
    hostKey: readFileSync(join(shared, 'host.pub'), 'utf8').trim(),
    pushKey(user, line) {
      offer(user, (lines) => [...lines, line]);
      timers.push(
        setTimeout(() => offer(user, (lines) => lines.toSpliced(lines.indexOf(line), 1)), PUSHED_MS),
      );
    },
    run: inside,
    async asRoot(script) {
      const { exitCode, output } = await inside(script);
      if (exitCode !== 0) throw new Error(`${script}\nfailed: ${output}\n${server.output()}`);
      return output;
    },
    async stop() {
      for (const timer of timers) clearTimeout(timer);
      // All that is in there ends with its first process; what started that takes no notice of less.
      await run(...rootWords('kill', '-KILL', pid));
      await server.stop();
      await run(...rootWords('find', group, '-depth', '-type', 'd', '-exec', 'rmdir', '{}', ';')).catch(
        () => undefined,
      );
      rmSync(shared, { recursive: true, force: true });
    },
  };
};

/** Of processes, in the hierarchy of version 2, wherever this machine has it. */
const newGroup = async (kind: MachineKind): Promise<string> => {
  const [, base] = /^\S+ (\S+) cgroup2 /m.exec(readFileSync('/proc/mounts', 'utf8')) ?? [];
  if (base === undefined) throw new Error('this machine has no cgroup2');
  const group = join(base, `latchkey-${process.pid}-${kind}`);
  await run(...rootWords('mkdir', group));
  return group;
};

const inShell = async ([command, args]: [string, string[]], script: string): Promise<MachineOutput> => {
  const child = spawn(command, [...args, 'sh', '-s'], { stdio: ['pipe', 'pipe', 'inherit'] });
  child.stdin.end(script);
  const exited = new Promise<number>((resolve) => child.once('exit', (code) => resolve(code ?? 1)));
  const [output, exitCode] = await Promise.all([text(child.stdout), exited]);
  return { exitCode, output };
};

const listens = (port: number): Promise<boolean> =>
  new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    const settle = (isUp: boolean) => {
      socket.destroy();
      resolve(isUp);
    };
    socket.once('data', () => settle(true));
    socket.once('error', () => settle(false)).setTimeout(1_000, () => settle(false));
  });
