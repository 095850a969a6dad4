import { isIP } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import { type Connection, createConnection, type QueryError } from 'mysql2/promise';
import { DependencyUnavailable } from '../../app/ports.ts';
import type { MysqlResource } from '../../core/config/resource.ts';
import {
  MYSQL_CONNECT_TIMEOUT_MS,
  MYSQL_FAREWELL_MS,
  MYSQL_FULL_WAIT_MS,
  MYSQL_IDLE_SECONDS,
  MYSQL_LOCK_WAIT_SECONDS,
  MYSQL_STATEMENT_TIMEOUT_MS,
} from '../../core/database/limits.ts';
import { provingAnew } from '../database/proving-anew.ts';
import { ADMIN_USER, type SignOwn } from '../database/sign-own.ts';
import { TargetRefusal } from '../database/target-refusal.ts';
import { whenRoom } from '../database/when-room.ts';

/** One connection. Each text is one statement: the server is never told that there could be more. */
export interface Session {
  /** Throws `TargetRefusal`, or `DependencyUnavailable` when no answer came. Of a procedure it answers the first result. */
  ask<Row extends object>(text: string, values?: readonly (string | number)[]): Promise<readonly Row[]>;
  close(): Promise<void>;
}

export interface Login {
  readonly resource: MysqlResource;
  readonly user: string;
  readonly signOwn: SignOwn;
}

/**
 * Whatever the server's own defaults: texts are quoted in one way, each statement stands for itself, nobody waits for a
 * lock for long, and a function that was frozen gives back its locks.
 */
const SETTINGS = [
  "sql_mode = 'STRICT_ALL_TABLES'",
  'autocommit = 1',
  `lock_wait_timeout = ${MYSQL_LOCK_WAIT_SECONDS}`,
  `innodb_lock_wait_timeout = ${MYSQL_LOCK_WAIT_SECONDS}`,
  `wait_timeout = ${MYSQL_IDLE_SECONDS}`,
].map((setting) => `SESSION ${setting}`);

/**
 * A connection of the administrator or of a probe, over TLS that proves the server's name and chain: the plugin that
 * takes a token in clear text is admitted for that reason only. Throws what the server or the network said.
 */
export const connect = (login: Login): Promise<Session> =>
  provingAnew(login, isWrongPassword, (refused) => logIn(login, refused));

const WRONG_PASSWORD = 1045;

const isWrongPassword = (error: unknown): boolean => isAnswer(error) && error.errno === WRONG_PASSWORD;

const logIn = async (login: Login, refused: number): Promise<Session> => {
  const { host, port, caPem } = login.resource.target;
  // The client checks names, and would take the certificate of any `localhost` for that of a bare address.
  if (isIP(host) !== 0) throw new TypeError('a server without a name cannot prove it');
  const connection = await createConnection({
    host,
    port,
    user: login.user,
    password: await login.signOwn(login.resource, login.user, refused),
    ssl: { ca: caPem, rejectUnauthorized: true, verifyIdentity: true, minVersion: 'TLSv1.2' },
    enableCleartextPlugin: true,
    connectTimeout: MYSQL_CONNECT_TIMEOUT_MS,
    connectAttributes: { program_name: 'latchkey' },
    charset: 'utf8mb4_bin',
    multipleStatements: false,
    // A server may ask its client for files. Ours has none to give.
    flags: ['-LOCAL_FILES'],
    // Rows are read by code that is there, and not by code that the client makes from what the server says.
    disableEval: true,
  });
  // A connection that is cut later must be an error of its next statement, not of the process.
  connection.on('error', () => undefined);
  const session = sessionOf(connection);
  try {
    await session.ask(`SET ${SETTINGS.join(', ')}`);
  } catch (error) {
    await session.close();
    throw error;
  }
  return session;
};

/** Too many connections: of the server, and of the user, by its own limit or by that of all users. */
const NO_CONNECTION_LEFT: ReadonlySet<unknown> = new Set([1040, 1203, 1226]);

const isFull = (error: unknown): boolean => isAnswer(error) && NO_CONNECTION_LEFT.has(error.errno);

/** As `connect`, and asks again for a while when there is no connection left. */
export const connectWhenRoom = (login: Login): Promise<Session> =>
  whenRoom({ attempt: () => connect(login), isFull, waitMs: MYSQL_FULL_WAIT_MS });

const sessionOf = (connection: Connection): Session => ({
  async ask<Row extends object>(sql: string, values: readonly (string | number)[] = []) {
    const statement = { sql, timeout: MYSQL_STATEMENT_TIMEOUT_MS };
    try {
      const [result] =
        values.length === 0
          ? await connection.query(statement)
          : await connection.execute({ ...statement, values: [...values] });
      return firstRows(result) as readonly Row[];
    } catch (error) {
      throw asRefusal(error);
    }
  },
  /** A network that is gone is not waited for. */
  async close() {
    await Promise.race([
      connection.end().catch(() => undefined),
      pause(MYSQL_FAREWELL_MS, undefined, { ref: false }),
    ]);
    connection.destroy();
  },
});

/** A statement answers rows or a summary; a procedure its results in a row, and a summary. */
const firstRows = (result: unknown): readonly unknown[] => {
  if (!Array.isArray(result)) return [];
  const [first] = result;
  return Array.isArray(first) ? first : result;
};

/** The server's own words; errors of the network and of the client have no SQLSTATE. */
export const isAnswer = (error: unknown): error is QueryError & { readonly errno: number } =>
  error instanceof Error &&
  'sqlState' in error &&
  typeof error.sqlState === 'string' &&
  'errno' in error &&
  typeof error.errno === 'number';

/** A server that goes away, or a connection that somebody ended, says so: no answer to what was asked. */
const GOING_AWAY: ReadonlySet<number> = new Set([1053, 1079, 1317, 1927, 3169, 4031]);

const asRefusal = (error: unknown): Error =>
  isAnswer(error) && !GOING_AWAY.has(error.errno)
    ? new TargetRefusal(String(error.errno))
    : new DependencyUnavailable('target', error);

/** One piece of work as the administrator. A target that cannot be reached, or lets nobody in, is *unavailable*. */
export const asAdmin = async <T>(
  { resource, signOwn }: Omit<Login, 'user'>,
  work: (session: Session) => Promise<T>,
): Promise<T> => {
  const session = await connectWhenRoom({ resource, user: ADMIN_USER, signOwn }).catch((error: unknown) => {
    throw new DependencyUnavailable('target', error);
  });
  try {
    return await work(session);
  } finally {
    await session.close();
  }
};
