import { existsSync } from 'node:fs';
import { join } from 'node:path';
import {
  COMMON_ARGS,
  findMariadb,
  MARIADB_MISSING,
  type ServerMake,
} from '../../../examples/targets/mysql/find-mariadb.ts';
import { MYSQL_DIR } from '../tools.ts';

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
    args: ['--library-path', libraries, server, ...COMMON_ARGS, ...own],
    systemTables: undefined,
  };
};

/** MariaDB, and MySQL where it could be had. */
export const serverMakes = (): readonly ServerMake[] => {
  const mariadb = findMariadb();
  if (!mariadb) throw new Error(MARIADB_MISSING);
  const mysql = unpackedMysql();
  return mysql ? [mariadb, mysql] : [mariadb];
};
