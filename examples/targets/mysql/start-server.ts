import { execFile } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { userInfo } from 'node:os';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { type Connection, createConnection } from 'mysql2/promise';
import type { LocalCertificate } from '../../../local/certificates.ts';
import { freePort, startChildServer } from '../child-server.ts';
import { asOnRds, MASTER } from './as-on-rds.ts';
import type { ServerMake } from './find-mariadb.ts';
import { runScript } from './run-script.ts';

/** A shared library by which users log in, and the environment that it reads. */
export interface ServerPlugin {
  readonly directory: string;
  readonly load: string;
  readonly env: Readonly<Record<string, string>>;
}

export interface ServerWish {
  readonly make: ServerMake;
  readonly directory: string;
  readonly certificate: LocalCertificate;
  /** Absent: a free one. */
  readonly port?: number | undefined;
  readonly plugin?: ServerPlugin | undefined;
  /** What is run as the superuser, before `docs/targets/mysql.sql` is applied. */
  readonly seed: string;
  /** The target's, which stands in the place of `orders`. */
  readonly database?: string;
  /** The administrator's, where users have passwords. */
  readonly adminPassword?: string | undefined;
}

export type MysqlServer = Awaited<ReturnType<typeof startMysqlServer>>;

const START_TIMEOUT_MS = 60_000;
const TARGET_FILE = resolve(import.meta.dirname, '../../../docs/targets/mysql.sql');
/** Whom the server knows by the socket: whoever started it. */
const SUPERUSER = userInfo().username;

/** A real server, made as RDS would hand it over, with `docs/targets/mysql.sql` applied by its master user. A second start finds it again. */
export const startMysqlServer = async (wish: ServerWish) => {
  const { make, certificate, plugin } = wish;
  const directory = resolve(wish.directory);
  const [data, socket, prepared] = [
    join(directory, 'data'),
    join(directory, 'socket'),
    join(directory, 'prepared'),
  ];
  const mark = createHash('sha256')
    .update(wish.adminPassword ?? '')
    .digest('hex');
  const isNew = !existsSync(prepared) || readFileSync(prepared, 'utf8') !== mark;
  // What a start that was killed half-way had made is no database to go on with.
  if (isNew) rmSync(data, { recursive: true, force: true });
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  if (isNew) await makeData(make, data);
  const [cert, key] = [join(directory, 'cert.pem'), join(directory, 'key.pem')];
  writeFileSync(cert, certificate.certPem);
  writeFileSync(key, certificate.keyPem, { mode: 0o600 });
  const port = wish.port || (await freePort());
  /** As the instance's own superuser, which RDS gives to nobody. */
  const asRoot = (): Promise<Connection> => createConnection({ socketPath: socket, user: SUPERUSER });
  const server = await startChildServer({
    command: make.command,
    args: [
      ...make.args,
      ...(plugin ? pluginArgs(make, plugin) : []),
      `--datadir=${data}`,
      `--socket=${socket}`,
      `--port=${port}`,
      `--pid-file=${join(directory, 'pid')}`,
      `--ssl-cert=${cert}`,
      `--ssl-key=${key}`,
      // As in RDS's own parameter groups, but for the scheduler, which some agents use.
      '--log-bin-trust-function-creators=1',
      '--event-scheduler=ON',
    ],
    cwd: directory,
    env: plugin?.env ?? {},
    isUp: async () => {
      await (await asRoot()).end();
      return true;
    },
    startTimeoutMs: START_TIMEOUT_MS,
  });
  try {
    if (isNew) await prepare(wish, { asRoot, socket });
  } catch (error) {
    await server.stop();
    throw error;
  }
  writeFileSync(prepared, mark);
  return { port, directory, asRoot, stop: server.stop };
};

const pluginArgs = ({ engine }: ServerMake, { directory, load }: ServerPlugin): readonly string[] => [
  ...(engine === 'mariadb' ? ['--plugin-maturity=experimental'] : []),
  `--plugin-dir=${directory}`,
  `--plugin-load-add=${load}`,
];

const prepare = async (
  { make, seed, database = 'orders', adminPassword }: ServerWish,
  { asRoot, socket }: { readonly asRoot: () => Promise<Connection>; readonly socket: string },
): Promise<void> => {
  const root = await asRoot();
  // Nobody needs it afterwards, and the server listens for everybody on this machine.
  const password = randomBytes(30).toString('base64url');
  await runScript(root, asOnRds(make.engine, password));
  await runScript(root, seed);
  await root.end();
  const target = readFileSync(TARGET_FILE, 'utf8').replaceAll('orders', database);
  const master = await createConnection({ socketPath: socket, user: MASTER, password });
  await runScript(master, adminPassword === undefined ? target : withPasswords(target, adminPassword));
  await master.end();
};

/** What the file says is to be written otherwise where users have passwords. */
const withPasswords = (target: string, adminPassword: string): string =>
  target
    .replace(
      "IDENTIFIED WITH AWSAuthenticationPlugin AS 'RDS' REQUIRE",
      `IDENTIFIED BY '${adminPassword}' REQUIRE`,
    )
    .replace('-- GRANT EXECUTE', 'GRANT EXECUTE');

const makeData = async ({ command, args, systemTables }: ServerMake, data: string): Promise<void> => {
  if (systemTables === undefined) {
    await promisify(execFile)(command, [...args, '--initialize-insecure', `--datadir=${data}`]);
    return;
  }
  mkdirSync(join(data, 'mysql'), { recursive: true });
  const files = [
    'mysql_system_tables',
    'mysql_performance_tables',
    'mysql_system_tables_data',
    'mysql_sys_schema',
  ];
  const input = [
    'use mysql;',
    `set @auth_root_socket='${SUPERUSER}';`,
    'set @skip_auth_anonymous=1;',
    ...files.map((name) => readFileSync(join(systemTables, `${name}.sql`), 'utf8')),
    '',
  ].join('\n');
  const bootstrap = ['--bootstrap', `--datadir=${data}`, `--lc-messages-dir=${systemTables}`];
  const running = promisify(execFile)(command, [...args, ...bootstrap]);
  // Where it ends before it has read all, why is in its own error.
  running.child.stdin?.on('error', () => undefined).end(input);
  await running;
};
