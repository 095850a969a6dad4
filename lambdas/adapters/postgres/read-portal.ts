import type { Connection, FieldDef, QueryResult } from 'pg';
import Cursor from 'pg-cursor';
import type { CellText, ExecuteAsk, ExecutionFailure } from '../../app/ports.ts';
import {
  RUN_ARRIVAL_MARGIN_BYTES,
  RUN_CELL_FRAMING_BYTES,
  RUN_FETCH_MAX_ROWS,
  RUN_FRAMING_MAX_BYTES,
  RUN_INSPECTION_MAX_BYTES,
  RUN_ROW_FRAMING_BYTES,
} from '../../core/limits.ts';
import type { ResultField } from '../../core/sql/catalogue.ts';
import { resultField } from './describe-statement.ts';
import { Stopped } from './execution-failure.ts';
import type { RunSession } from './run-session.ts';

export interface Answer {
  readonly rows: readonly (readonly CellText[])[];
  readonly truncated: boolean;
  /** Of the values. */
  readonly bytes: number;
  /** As PostgreSQL's command tag has it, when the statement came to its end: rows that a write changed. */
  readonly tagRows: number;
}

/**
 * Executes a statement through a portal, so that its rows are fetched while they are wanted and no longer. One more
 * than the cap is asked for, to know whether there are more. Throws `Stopped` and what the server or the network said.
 */
export const readPortal = async (
  session: RunSession,
  { sql, params, limits }: ExecuteAsk,
  expected: readonly ResultField[],
): Promise<Answer> => {
  session.limitArrival(arrivalMax(limits, expected.length));
  const cursor = session.client.query(
    Object.assign(new Cursor<CellText[]>(sql, [...params], AS_TEXT), WITHOUT_COPY),
  );
  const rows: CellText[][] = [];
  let bytes = 0;
  for (;;) {
    const wanted = Math.min(RUN_FETCH_MAX_ROWS, limits.maxRows + 1 - rows.length);
    const { batch, result } = await fetchRows(cursor, wanted);
    const isEnd = batch.length < wanted;
    bytes += bytesOf(batch);
    rows.push(...batch);
    const stop = failureOf({ fields: result.fields, expected, bytes, maxBytes: limits.maxBytes });
    const truncated = rows.length > limits.maxRows;
    if (!isEnd && (stop || truncated)) await closePortal(session, cursor);
    if (stop) throw new Stopped(stop);
    if (!isEnd && !truncated) continue;
    session.limitArrival(RUN_INSPECTION_MAX_BYTES);
    return { rows: rows.slice(0, limits.maxRows), truncated, bytes, tagRows: result.rowCount ?? 0 };
  }
};

const AS_TEXT: Cursor.CursorQueryConfig = {
  rowMode: 'array',
  types: { getTypeParser: () => (text: string | Buffer) => text },
};

/** The driver's cursor knows no COPY and would end the process over it. There is nothing to copy in or out. */
const WITHOUT_COPY = {
  handleCopyInResponse: (connection: Connection) => connection.stream.destroy(),
  handleCopyData: () => undefined,
};

/** All that an answer within its caps can amount to on the wire. */
const arrivalMax = ({ maxBytes, maxRows }: ExecuteAsk['limits'], columns: number): number =>
  maxBytes +
  Math.min(
    (maxRows + 1) * (RUN_ROW_FRAMING_BYTES + RUN_CELL_FRAMING_BYTES * columns),
    RUN_FRAMING_MAX_BYTES,
  ) +
  RUN_ARRIVAL_MARGIN_BYTES;

interface Fetched {
  readonly batch: CellText[][];
  readonly result: QueryResult;
}

const fetchRows = (cursor: Cursor<CellText[]>, count: number): Promise<Fetched> =>
  new Promise((resolve, reject) => {
    cursor.read(count, (error, batch, result) => (error ? reject(error) : resolve({ batch, result })));
  });

/** The driver waits for an answer even on a connection that has ended. */
const closePortal = async ({ client }: RunSession, cursor: Cursor): Promise<void> => {
  const { promise: ended, reject } = Promise.withResolvers<never>();
  const onEnd = () => reject(new Error('the connection ended'));
  client.once('end', onEnd);
  try {
    await Promise.race([cursor.close(), ended]);
  } finally {
    client.removeListener('end', onEnd);
  }
};

const bytesOf = (rows: readonly (readonly CellText[])[]): number =>
  rows.reduce((sum, row) => sum + row.reduce((inRow, cell) => inRow + Buffer.byteLength(cell ?? ''), 0), 0);

interface Seen {
  readonly fields: readonly FieldDef[];
  readonly expected: readonly ResultField[];
  readonly bytes: number;
  readonly maxBytes: number;
}

const failureOf = ({ fields, expected, bytes, maxBytes }: Seen): ExecutionFailure | undefined => {
  if (JSON.stringify(fields.map(resultField)) !== JSON.stringify(expected))
    return { code: 'definition_changed' };
  return bytes > maxBytes ? { code: 'answer_too_large', maxBytes } : undefined;
};
