import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { type Connection, createConnection } from 'mysql2/promise';
import type { LocalCertificate } from '../../../local/certificates.ts';
import { freePort, startChildServer } from '../child-server.ts';
import { AS_ON_RDS, MASTER } from './as-on-rds.ts';
import { runScript } from './run-script.ts';
import type { ServerMake } from './servers.ts';

export interface ServerWish {
  readonly make: ServerMake;
  readonly directory: string;
  readonly certificate: LocalCertificate;
  /** The path of the unix socket on which its plugin asks whether a token is good. */
  readonly iamSocket: string;
}

export type MysqlServer = Awaited<ReturnType<typeof startMysqlServer>>;

const PLUGIN = 'aws_authentication.so';
const START_TIMEOUT_MS = 60_000;
const TARGET_FILE = resolve(import.meta.dirname, '../../../docs/targets/mysql.sql');

/** A real server, made as RDS would hand it over, with `docs/targets/mysql.sql` applied by its master user. */
export const startMysqlServer = async ({ make, directory, certificate, iamSocket }: ServerWish) => {
  const [data, plugins, socket] = ['data', 'plugins', 'server.sock'].map((name) => join(directory, name)) as [
    string,
    string,
    string,
  ];
  mkdirSync(plugins, { recursive: true });
  compilePlugin(join(plugins, PLUGIN));
  makeData(make, data);
  const [cert, key] = [join(directory, 'cert.pem'), join(directory, 'key.pem')];
  writeFileSync(cert, certificate.certPem);
  writeFileSync(key, certificate.keyPem);
  const port = await freePort();
  const asRoot = (): Promise<Connection> => createConnection({ socketPath: socket, user: 'root' });
  const server = await startChildServer({
    command: make.command,
    args: [
      ...make.args,
      `--datadir=${data}`,
      `--socket=${socket}`,
      `--port=${port}`,
      `--pid-file=${join(directory, 'pid')}`,
      `--plugin-dir=${plugins}`,
      `--plugin-load-add=AWSAuthenticationPlugin=${PLUGIN}`,
      `--ssl-cert=${cert}`,
      `--ssl-key=${key}`,
      // As in RDS's own parameter groups, but for the scheduler, which the agents of these tests use.
      '--log-bin-trust-function-creators=1',
      '--event-scheduler=ON',
    ],
    cwd: directory,
    env: { LATCHKEY_IAM_SOCKET: iamSocket },
    isUp: async () => {
      await (await asRoot()).end();
      return true;
    },
    startTimeoutMs: START_TIMEOUT_MS,
  });
  return {
    port,
    /** As the instance's own superuser, which RDS gives to nobody. */
    asRoot,
    /** Makes the instance what the file makes of it, once its text was changed as it says. */
    async prepare(seed: string, change: (target: string) => string): Promise<void> {
      const root = await asRoot();
      await runScript(root, AS_ON_RDS[make.engine]);
      await runScript(root, seed);
      await root.end();
      const master = await createConnection({ socketPath: socket, user: MASTER, password: MASTER });
      await runScript(master, change(readFileSync(TARGET_FILE, 'utf8')));
      await master.end();
    },
    async stop(): Promise<void> {
      await server.stop();
      rmSync(directory, { recursive: true, force: true });
    },
  };
};

const compilePlugin = (to: string): void => {
  const source = join(import.meta.dirname, 'aws-authentication-plugin.c');
  execFileSync('cc', ['-std=c11', '-D_GNU_SOURCE', '-O1', '-shared', '-fPIC', '-o', to, source], {
    stdio: 'pipe',
  });
};

const makeData = ({ command, args, systemTables }: ServerMake, data: string): void => {
  if (systemTables === undefined) {
    execFileSync(command, [...args, '--initialize-insecure', `--datadir=${data}`], { stdio: 'pipe' });
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
    "set @auth_root_socket='root';",
    'set @skip_auth_anonymous=1;',
    ...files.map((name) => readFileSync(join(systemTables, `${name}.sql`), 'utf8')),
    '',
  ].join('\n');
  execFileSync(command, [...args, '--bootstrap', `--datadir=${data}`, `--lc-messages-dir=${systemTables}`], {
    input,
    stdio: 'pipe',
  });
};
