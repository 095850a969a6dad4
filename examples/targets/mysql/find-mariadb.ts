import { existsSync, realpathSync } from 'node:fs';
import { delimiter, dirname, join, resolve } from 'node:path';

/** How a server of either make is started, without a word of its data. */
export interface ServerMake {
  readonly engine: 'mysql' | 'mariadb';
  readonly name: string;
  readonly command: string;
  readonly args: readonly string[];
  /** Where its system tables come from: MySQL makes them itself, MariaDB from these files. */
  readonly systemTables: string | undefined;
}

/** Only root may say whom a server runs as, and it would not run as root unasked. */
export const COMMON_ARGS: readonly string[] = [
  '--no-defaults',
  '--bind-address=127.0.0.1',
  ...(process.getuid?.() === 0 ? ['--user=root'] : []),
];

export const MARIADB_MISSING =
  'there is no MariaDB on this machine (Debian: `apt-get install mariadb-server-core`)';

/** Where Debian has servers, which only root has on its path. */
const PLACES = [...(process.env.PATH ?? '').split(delimiter), '/usr/sbin'];

/** The MariaDB of this machine, if there is one; `MARIADBD` names a server that is elsewhere. */
export const findMariadb = (named = process.env.MARIADBD): ServerMake | undefined => {
  const candidates = named === undefined ? PLACES.map((place) => join(place, 'mariadbd')) : [named];
  const command = candidates.find(existsSync);
  const systemTables = command && systemTablesOf(command);
  return systemTables === undefined || command === undefined
    ? undefined
    : { engine: 'mariadb', name: 'MariaDB', command, args: COMMON_ARGS, systemTables };
};

const systemTablesOf = (command: string): string | undefined =>
  ['mysql', 'mariadb']
    .map((name) => resolve(dirname(realpathSync(command)), '../share', name))
    .find((place) => existsSync(join(place, 'mysql_system_tables.sql')));
