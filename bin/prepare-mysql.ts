import { execFile } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { findMariadb } from '../examples/targets/mysql/find-mariadb.ts';

const run = promisify(execFile);

/** Why MariaDB cannot be tried here, or undefined. */
export const mariadbMissing = async (): Promise<string | undefined> => {
  const hasCompiler = await run('cc', ['--version']).then(
    () => true,
    () => false,
  );
  return findMariadb() && hasCompiler
    ? undefined
    : 'needs the server itself, which is not started as a service, and a C compiler (Debian: `apt-get install mariadb-server-core gcc libc6-dev`).';
};

/** Needed by the package's scripts and not by the server. */
const NOT_NEEDED = /^(perl|libperl|libgdbm|libdb5|libbz2|openssl-provider|libc-gconv|libtirpc-common)/;
const PACKAGE = 'mysql-server-core';
const KEYRING = '/usr/share/keyrings/debian-archive-keyring.gpg';
const DOWNLOAD_TIMEOUT_MS = 300_000;

/**
 * Unpacks Debian's MySQL below `dir`, with the libraries that it was built for: Debian has it in *unstable* only, from which
 * nothing is installed. What is there is kept. Throws where it cannot be had.
 */
export const unpackMysql = async (dir: string): Promise<void> => {
  const root = resolve(dir, 'root');
  if (existsSync(root)) return;
  const [work, aside] = [resolve(dir, 'work'), resolve(dir, 'aside')];
  for (const place of [work, aside]) rmSync(place, { recursive: true, force: true });
  for (const place of ['lists/partial', 'cache/archives/partial', 'packages'])
    mkdirSync(join(work, place), { recursive: true });
  const options = await ownLists(work);
  const apt = (command: string, ...args: string[]) =>
    run(command, [...options, ...args], {
      cwd: join(work, 'packages'),
      timeout: DOWNLOAD_TIMEOUT_MS,
      maxBuffer: 2 ** 26,
    });
  await apt('apt-get', 'update');
  const { stdout } = await apt('apt-cache', 'depends', '--recurse', ...ONLY_DEPENDS, PACKAGE);
  const names = [...new Set(stdout.split('\n').filter((line) => /^[a-z0-9]/.test(line)))];
  await apt('apt-get', 'download', ...names.filter((name) => !NOT_NEEDED.test(name)));
  for (const file of readdirSync(join(work, 'packages')))
    await run('dpkg', ['-x', join(work, 'packages', file), aside]);
  await mysqlVersion(aside);
  renameSync(aside, root);
  rmSync(work, { recursive: true, force: true });
};

const ONLY_DEPENDS = ['recommends', 'suggests', 'conflicts', 'breaks', 'replaces', 'enhances'].map(
  (kind) => `--no-${kind}`,
);

/** Lists of packages of our own, from the mirror that this machine's come from: its own are not touched. */
const ownLists = async (work: string): Promise<readonly string[]> => {
  const { stdout } = await run('apt-get', [
    'indextargets',
    '--format',
    '$(REPO_URI)',
    'Identifier: Packages',
  ]);
  const mirror = stdout.split('\n').find((uri) => /\/debian\/?$/.test(uri));
  if (mirror === undefined) throw new Error('packages come from no mirror of Debian');
  const file = join(work, 'unstable.sources');
  writeFileSync(file, `Types: deb\nURIs: ${mirror}\nSuites: sid\nComponents: main\nSigned-By: ${KEYRING}\n`);
  const settings = {
    'Dir::Etc::sourcelist': file,
    'Dir::Etc::sourceparts': '/dev/null',
    'Dir::State::lists': join(work, 'lists'),
    'Dir::Cache': join(work, 'cache'),
    'APT::Sandbox::User': 'root',
  };
  return Object.entries(settings).flatMap(([name, value]) => ['-o', `${name}=${value}`]);
};

/** What it says of itself, once it runs. */
export const mysqlVersion = async (root: string): Promise<string> => {
  const libraries = join(root, 'usr/lib/x86_64-linux-gnu');
  const server = join(root, 'usr/sbin/mysqld');
  const { stdout } = await run(join(libraries, 'ld-linux-x86-64.so.2'), [
    '--library-path',
    libraries,
    server,
    '--version',
  ]);
  return stdout.trim();
};
