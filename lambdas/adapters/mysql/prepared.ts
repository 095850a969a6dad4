import type { MysqlResource } from '../../core/config/resource.ts';
import { NotDead } from '../database/ending-steps.ts';
import { TargetRefusal } from '../database/target-refusal.ts';
import type { Session } from './session.ts';

/**
 * Prepared XA transactions outlive their sessions, with their locks, and the server keeps no word of whose they are. Where
 * configuration says that nobody but agents prepares any, all that is left is rolled back; elsewhere it is told. Neither
 * is access: nobody can commit one by a login that is no longer there.
 */
export const preparedOutcome = async (session: Session, { target }: MysqlResource): Promise<string> => {
  const left = await listPrepared(session, target.engine);
  if (left === 'unseen') return left;
  if (left.length === 0) return 'none';
  if (target.preparedTransactions !== 'agents') return `left_${left.length}`;
  for (const xid of left) await rollBack(session, xid);
  return `rolled_back_${left.length}`;
};

/** Not there any more: its owner or another ending was quicker. */
const UNKNOWN_XID = '1397';

const rollBack = async (session: Session, xid: string): Promise<void> => {
  // The name is whatever an agent chose; only digits of it get into a statement.
  if (!XID.test(xid)) throw new NotDead('unknown_form');
  await session.ask(`XA ROLLBACK ${xid}`).catch((error: unknown) => {
    if (!(error instanceof TargetRefusal && error.code === UNKNOWN_XID)) throw error;
  });
};

const XID = /^X'[0-9A-Fa-f]*',X'[0-9A-Fa-f]*',\d+$/;

/** The right to see them was not given, which ends nothing later. */
const MAY_NOT_LOOK = '1401';

const listPrepared = async (
  session: Session,
  engine: 'mysql' | 'mariadb',
): Promise<readonly string[] | 'unseen'> => {
  try {
    return engine === 'mariadb' ? await inMariadb(session) : await inMysql(session);
  } catch (error) {
    if (error instanceof TargetRefusal && error.code === MAY_NOT_LOOK) return 'unseen';
    throw error;
  }
};

const inMariadb = async (session: Session): Promise<readonly string[]> => {
  const rows = await session.ask<{ data: string }>("XA RECOVER FORMAT = 'SQL'");
  return rows.map(({ data }) => data.replaceAll(' ', ''));
};

interface MysqlXid {
  readonly formatID: number;
  readonly gtrid_length: number;
  readonly data: string;
}

/** `data` is `0x` and both parts in a row, in hexadecimal digits. */
const inMysql = async (session: Session): Promise<readonly string[]> => {
  const rows = await session.ask<MysqlXid>('XA RECOVER CONVERT XID');
  return rows.map(({ formatID, gtrid_length, data }) => {
    const [digits, middle] = [data.slice(2), 2 * gtrid_length];
    return `X'${digits.slice(0, middle)}',X'${digits.slice(middle)}',${formatID}`;
  });
};
