import { setTimeout as pause } from 'node:timers/promises';
import { Client, DatabaseError, type QueryResultRow } from 'pg';
import { DependencyUnavailable } from '../../app/ports.ts';
import type { PostgresResource } from '../../core/config/resource.ts';
import {
  POSTGRES_CONNECT_TIMEOUT_MS,
  POSTGRES_FAREWELL_MS,
  POSTGRES_FULL_WAIT_MS,
  POSTGRES_IDLE_TIMEOUT_MS,
  POSTGRES_LOCK_TIMEOUT_MS,
  POSTGRES_STATEMENT_TIMEOUT_MS,
} from '../../core/limits.ts';
import { provingAnew } from '../database/proving-anew.ts';
import { ADMIN_USER, type SignOwn } from '../database/sign-own.ts';
import { TargetRefusal } from '../database/target-refusal.ts';
import { whenRoom } from '../database/when-room.ts';

/**
 * Where the administrator works on roles, which belong to the whole instance. No user of a grant can connect here, so
 * none can take the advisory locks, which belong to one database.
 */
export const ADMIN_DATABASE = 'postgres';

/** One connection. Every statement goes alone and by the extended protocol, so nothing can ride along with it. */
export interface Session {
  /** Throws `TargetRefusal`, or `DependencyUnavailable` when no answer came. */
  ask<Row extends QueryResultRow>(text: string, values?: readonly unknown[]): Promise<readonly Row[]>;
  close(): Promise<void>;
}

export interface Login {
  readonly resource: PostgresResource;
  readonly user: string;
  readonly database: string;
  readonly signOwn: SignOwn;
}

/**
 * Names are looked up in the catalogue only, whatever schemas others made; making a role does not give its rights to the
 * maker, whatever the server's default; and a function that was frozen gives back its locks.
 */
const SETTINGS = [
  'search_path=pg_catalog',
  'createrole_self_grant=',
  `statement_timeout=${POSTGRES_STATEMENT_TIMEOUT_MS}`,
  `lock_timeout=${POSTGRES_LOCK_TIMEOUT_MS}`,
  `idle_in_transaction_session_timeout=${POSTGRES_IDLE_TIMEOUT_MS}`,
  `idle_session_timeout=${POSTGRES_IDLE_TIMEOUT_MS}`,
];

/** A connection of the administrator or of a probe. Throws what the server or the network said. */
export const connect = async (login: Login): Promise<Session> =>
  sessionOf(
    await provingAnew(login, isWrongPassword, (refused) =>
      logIn(login, {
        settings: SETTINGS,
        application_name: 'latchkey',
        query_timeout: POSTGRES_STATEMENT_TIMEOUT_MS + POSTGRES_CONNECT_TIMEOUT_MS,
        refused,
      }),
    ),
  );

const WRONG_PASSWORD = '28P01';

const isWrongPassword = (error: unknown): boolean =>
  error instanceof DatabaseError && error.code === WRONG_PASSWORD;

/** What differs between connections. `settings` are `name=value` without spaces, and outrank what a role has set. */
export interface LoginSettings {
  readonly settings: readonly string[];
  readonly application_name: string;
  readonly query_timeout?: number;
  /** How often another proof of the same login was refused just now. */
  readonly refused?: number;
}

/**
 * Connects over TLS that proves the server's name and chain, with a token that was signed just now. Nothing is shared
 * between grants: each piece of work has a connection of its own. Throws what the server or the network said.
 */
export const logIn = async (
  { resource, user, database, signOwn }: Login,
  { settings, refused, ...others }: LoginSettings,
): Promise<Client> => {
  const { host, port, caPem } = resource.target;
  const client = new Client({
    host,
    port,
    database,
    user,
    password: await signOwn(resource, user, refused),
    ssl: { ca: caPem, servername: host, rejectUnauthorized: true, minVersion: 'TLSv1.2' },
    options: settings.map((setting) => `-c ${setting}`).join(' '),
    connectionTimeoutMillis: POSTGRES_CONNECT_TIMEOUT_MS,
    ...others,
  });
  // A connection that is cut later must be an error of its next query, not of the process.
  client.on('error', () => undefined);
  await client.connect();
  return client;
};

const NO_CONNECTION_LEFT = '53300';

/** The server, the database or the user has none. */
export const isFull = (error: unknown): boolean =>
  error instanceof DatabaseError && error.code === NO_CONNECTION_LEFT;

/** As `connect`, and asks again for a while when there is no connection left. */
export const connectWhenRoom = (login: Login): Promise<Session> =>
  whenRoom({ attempt: () => connect(login), isFull, waitMs: POSTGRES_FULL_WAIT_MS });

const sessionOf = (client: Client): Session => ({
  async ask<Row extends QueryResultRow>(text: string, values: readonly unknown[] = []) {
    const query = { text, values: [...values], queryMode: 'extended' };
    try {
      return (await client.query<Row>(query)).rows;
    } catch (error) {
      throw asRefusal(error);
    }
  },
  /** A network that is gone is not waited for. */
  close: () =>
    Promise.race([
      client.end().catch(() => undefined),
      pause(POSTGRES_FAREWELL_MS, undefined, { ref: false }),
    ]),
});

/** A server that goes away says so with a code of its own, which is no answer to what was asked. */
const GOING_AWAY = /^(08|57P0[1-5])/;

const asRefusal = (error: unknown): Error =>
  error instanceof DatabaseError && error.code && !GOING_AWAY.test(error.code)
    ? new TargetRefusal(error.code)
    : new DependencyUnavailable('target', error);

/** Where the administrator works: in its own database, unless another is named. */
export interface AdminPlace {
  readonly resource: PostgresResource;
  readonly signOwn: SignOwn;
  readonly database?: string;
}

/** One piece of work as the administrator. A target that cannot be reached, or lets nobody in, is *unavailable*. */
export const asAdmin = async <T>(place: AdminPlace, work: (session: Session) => Promise<T>): Promise<T> => {
  const { resource, signOwn, database = ADMIN_DATABASE } = place;
  const session = await connectWhenRoom({ resource, user: ADMIN_USER, database, signOwn }).catch(
    (error: unknown) => {
      throw new DependencyUnavailable('target', error);
    },
  );
  try {
    return await work(session);
  } finally {
    await session.close();
  }
};

/** All of it or nothing. A connection that is lost on the way leaves nothing either, unless it was lost at the last word. */
export const inTransaction = async <T>(session: Session, work: () => Promise<T>): Promise<T> => {
  await session.ask('BEGIN');
  try {
    const result = await work();
    await session.ask('COMMIT');
    return result;
  } catch (error) {
    await session.ask('ROLLBACK').catch(() => undefined);
    throw error;
  }
};
