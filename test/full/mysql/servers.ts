import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { MYSQL_DIR } from '../tools.ts';

/** How a server of either make is started, without a word of its data. */
export interface ServerMake {
  readonly engine: 'mysql' | 'mariadb';
  readonly name: string;
  readonly command: string;
  readonly args: readonly string[];
  /** Where its system tables come from: MySQL makes them itself, MariaDB from these files. */
  readonly systemTables: string | undefined;
}

const COMMON = ['--no-defaults', '--user=root', '--bind-address=127.0.0.1', '--plugin-maturity=experimental'];

const MARIADB: ServerMake = {
  engine: 'mariadb',
  name: 'MariaDB',
  command: '/usr/sbin/mariadbd',
  args: COMMON,
  systemTables: '/usr/share/mysql',
};

/**
 * Debian has MySQL in *unstable* only, so it is not installed but unpacked, and run with the libraries it was built for.
 * Undefined where `npm run test:full` could not get it.
 */
const unpackedMysql = (root = join(MYSQL_DIR, 'root')): ServerMake | undefined => {
  const libraries = join(root, 'usr/lib/x86_64-linux-gnu');
  const server = join(root, 'usr/sbin/mysqld');
  if (!existsSync(server)) return undefined;
  const own = [
    `--lc-messages-dir=${join(root, 'usr/share/mysql')}`,
    '--mysqlx=OFF',
    '--secure-file-priv=NULL',
  ];
  return {
    engine: 'mysql',
    name: 'MySQL',
    command: join(libraries, 'ld-linux-x86-64.so.2'),
    args: [
      '--library-path',
      libraries,
      server,
      ...COMMON.filter((flag) => !flag.startsWith('--plugin')),
      ...own,
    ],
    systemTables: undefined,
  };
};

/** MariaDB, and MySQL where it could be had. */
export const serverMakes = (): readonly ServerMake[] => {
  const mysql = unpackedMysql();
  return mysql ? [MARIADB, mysql] : [MARIADB];
};
