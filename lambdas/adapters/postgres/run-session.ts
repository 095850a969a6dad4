import { setTimeout as pause } from 'node:timers/promises';
import { type Client, DatabaseError, type QueryResultRow } from 'pg';
import type { PostgresResource } from '../../core/config/resource.ts';
import { databaseUser } from '../../core/grant/ids.ts';
import {
  POSTGRES_FAREWELL_MS,
  POSTGRES_IDLE_TIMEOUT_MS,
  POSTGRES_LOCK_TIMEOUT_MS,
  RUN_CLIENT_CHECK_MS,
  RUN_INSPECTION_MAX_BYTES,
  RUN_NOTICES_MAX_BYTES,
  RUN_NOTICES_MAX_COUNT,
  RUN_ROOM_WAIT_MS,
  SECOND_MS,
} from '../../core/limits.ts';
import type { SignOwn } from '../database/sign-own.ts';
import { whenRoom } from '../database/when-room.ts';
import { isFull, logIn } from './session.ts';

/** One connection for one run, as the grant's own user. It is used for nothing else, so nothing it was left in matters. */
export interface RunSession {
  readonly client: Client;
  readonly user: string;
  /** The server process behind the connection. */
  readonly pid: number;
  /** Notices so far, as text of the target, capped in number and bytes. */
  readonly notices: readonly string[];
  /** By the extended protocol, alone. Throws what the server said. */
  ask<Row extends QueryResultRow>(text: string, values?: readonly unknown[]): Promise<readonly Row[]>;
  /** From now on the connection is cut when more than this has arrived, before anything larger is put together. */
  limitArrival(maxBytes: number): void;
  /** `flooded`: more arrived than the limit. `lost`: whatever else ended it. */
  state(): 'open' | 'flooded' | 'lost';
  /** Ends the connection at once, without a word to the server. */
  cut(): void;
  close(): Promise<void>;
}

export interface RunLogin {
  readonly resource: PostgresResource;
  readonly grantId: string;
  readonly readOnly: boolean;
  readonly maxSeconds: number;
  readonly signOwn: SignOwn;
}

/**
 * Each of these outranks what the database or the role has set. The lexical ones make PostgreSQL read the bytes as the
 * classifier did; formats are one for all answers. `pg_catalog` comes first without being named, and is not named
 * because what a statement creates goes to the first that is; `pg_temp` would come before all if it were not last.
 */
const settingsOf = ({ readOnly, maxSeconds }: RunLogin): string[] => [
  'search_path=public,pg_temp',
  'standard_conforming_strings=on',
  'backslash_quote=safe_encoding',
  'transform_null_equals=off',
  'quote_all_identifiers=off',
  'row_security=on',
  `default_transaction_read_only=${readOnly ? 'on' : 'off'}`,
  `statement_timeout=${maxSeconds * SECOND_MS}`,
  `lock_timeout=${POSTGRES_LOCK_TIMEOUT_MS}`,
  `idle_in_transaction_session_timeout=${POSTGRES_IDLE_TIMEOUT_MS}`,
  `idle_session_timeout=${POSTGRES_IDLE_TIMEOUT_MS}`,
  `client_connection_check_interval=${RUN_CLIENT_CHECK_MS}`,
  'client_min_messages=notice',
  'jit=off',
  'DateStyle=ISO,MDY',
  'IntervalStyle=postgres',
  'TimeZone=UTC',
  'bytea_output=hex',
  'extra_float_digits=1',
  'xmloption=content',
];

/** Throws what the server or the network said. */
export const openRunSession = async (login: RunLogin): Promise<RunSession> => {
  const user = databaseUser(login.grantId);
  const { database } = login.resource.target;
  const client = await whenRoom({
    attempt: () =>
      logIn({ ...login, user, database }, { settings: settingsOf(login), application_name: 'latchkey-run' }),
    isFull,
    waitMs: RUN_ROOM_WAIT_MS,
  });
  const { stream } = client.connection;
  const notices = keepNotices(client);
  let [left, state]: [number, 'open' | 'flooded' | 'lost'] = [RUN_INSPECTION_MAX_BYTES, 'open'];
  const end = (how: 'flooded' | 'lost') => {
    if (state === 'open') state = how;
  };
  client.on('error', () => end('lost')).on('end', () => end('lost'));
  stream.on('data', (chunk: Buffer) => {
    left -= chunk.length;
    if (left >= 0 || state !== 'open') return;
    end('flooded');
    stream.destroy();
  });
  return {
    client,
    user,
    pid: processOf(client),
    notices,
    async ask<Row extends QueryResultRow>(text: string, values: readonly unknown[] = []) {
      const query = { text, values: [...values], queryMode: 'extended' };
      return (await client.query<Row>(query)).rows;
    },
    limitArrival(maxBytes) {
      left = maxBytes;
    },
    state: () => state,
    cut: () => void stream.destroy(),
    close: () =>
      Promise.race([
        client.end().catch(() => undefined),
        pause(POSTGRES_FAREWELL_MS, undefined, { ref: false }),
      ]),
  };
};

/** The driver keeps what the server told at the login, and its types do not say so. */
const processOf = (client: Client): number => {
  const pid = 'processID' in client ? Number(client.processID) : Number.NaN;
  if (!Number.isSafeInteger(pid)) throw new Error('the server did not name its process');
  return pid;
};

const keepNotices = (client: Client): readonly string[] => {
  const notices: string[] = [];
  let bytes = 0;
  client.on('notice', (notice) => {
    const text = sentences(notice);
    bytes += Buffer.byteLength(text);
    if (notices.length < RUN_NOTICES_MAX_COUNT && bytes <= RUN_NOTICES_MAX_BYTES) notices.push(text);
  });
  return notices;
};

interface TargetText {
  readonly message: string | undefined;
  readonly detail?: string | undefined;
  readonly hint?: string | undefined;
}

/** Message, detail and hint of the target, one a line. It can hold values of rows, so it is masked before it is shown. */
export const sentences = ({ message, detail, hint }: TargetText): string =>
  [message, detail, hint].filter((text) => text !== undefined).join('\n');

export const isDatabaseError = (error: unknown): error is DatabaseError & { readonly code: string } =>
  error instanceof DatabaseError && error.code !== undefined;
