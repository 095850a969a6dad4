import type { MysqlResource } from '../../core/config/resource.ts';
import type { Session } from './session.ts';

/**
 * Prepared XA transactions outlive their sessions, with their locks, and the server keeps no word of whose they are. Where
 * configuration says that nobody but agents prepares any, all that is left is rolled back; elsewhere it is told.
 */
export const preparedOutcome = async (session: Session, { target }: MysqlResource): Promise<string> => {
  const left = await listPrepared(session, target.engine);
  if (left.length === 0) return 'none';
  if (target.preparedTransactions !== 'agents') return `not_ours_${left.length}`;
  for (const xid of left) await session.ask(`XA ROLLBACK ${xid}`);
  return `rolled_back_${left.length}`;
};

interface MysqlXid {
  readonly formatID: number;
  readonly gtrid_length: number;
  readonly bqual_length: number;
  readonly data: string;
}

/** In the form that `XA ROLLBACK` reads. MariaDB writes it so itself; MySQL in hexadecimal digits. */
const listPrepared = async (session: Session, engine: 'mysql' | 'mariadb'): Promise<readonly string[]> => {
  if (engine === 'mariadb')
    return (await session.ask<{ data: string }>("XA RECOVER FORMAT = 'SQL'")).map(({ data }) => data);
  const rows = await session.ask<MysqlXid>('XA RECOVER CONVERT XID');
  return rows.map(({ formatID, gtrid_length, bqual_length, data }) => {
    const hex = data.slice(2);
    const middle = 2 * gtrid_length;
    return `0x${hex.slice(0, middle)}, ${hexOf(hex.slice(middle, middle + 2 * bqual_length))}, ${formatID}`;
  });
};

const hexOf = (digits: string): string => (digits === '' ? "''" : `0x${digits}`);
