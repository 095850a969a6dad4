import type { StatementClass } from './statement.ts';

export interface StatementKind {
  readonly class: StatementClass;
  readonly verb: string;
}

/** The statements that can be run, by the type of their node. */
export const STATEMENT_KINDS: ReadonlyMap<string, StatementKind> = new Map([
  ['SelectStmt', { class: 'read', verb: 'select' }],
  ['ExplainStmt', { class: 'read', verb: 'explain' }],
  ['VariableShowStmt', { class: 'read', verb: 'show' }],
  ['InsertStmt', { class: 'write', verb: 'insert' }],
  ['UpdateStmt', { class: 'write', verb: 'update' }],
  ['DeleteStmt', { class: 'write', verb: 'delete' }],
  ['MergeStmt', { class: 'write', verb: 'merge' }],
  ['CreateStmt', { class: 'ddl', verb: 'create table' }],
  ['AlterTableStmt', { class: 'ddl', verb: 'alter table' }],
  ['DropStmt', { class: 'ddl', verb: 'drop' }],
  ['IndexStmt', { class: 'ddl', verb: 'create index' }],
  ['ViewStmt', { class: 'ddl', verb: 'create view' }],
  ['CommentStmt', { class: 'ddl', verb: 'comment' }],
  ['CreateSeqStmt', { class: 'ddl', verb: 'create sequence' }],
]);

/** What a place in a statement is called, and what to do about it. */
export interface Explanation {
  readonly part: string;
  readonly reason: string;
}

const ADMIN =
  'It changes who may do what, which is not given through Latchkey; ask the owner of the database.';
const CODE =
  'It leaves code behind that runs later with the rights of others; ask the owner of the database.';
const SESSION = 'Each statement runs in a session of its own, so it would have no effect or one on others.';
const CURSOR = 'Cursors are not given; select the rows, with LIMIT if they are many.';
const UPKEEP =
  'It is upkeep of the whole server and cannot be part of a transaction; ask the owner of the database.';
const TRANSACTION =
  'Each statement runs in a transaction of its own, which Latchkey begins and ends; leave it out.';
const BLOCK = 'It runs code that cannot be read from the statement; write the statements themselves.';
const PREPARED = 'Send the statement itself, with values for its parameters.';

/**
 * Why the better known of all other statements are refused, by the type of their node; `Type.field` is a part of one
 * that may otherwise be run. Whatever is not here is refused too, by the name of its type.
 */
export const FORBIDDEN: Readonly<Record<string, Explanation>> = {
  TransactionStmt: { part: 'transaction control', reason: TRANSACTION },
  VariableSetStmt: { part: 'SET', reason: SESSION },
  DiscardStmt: { part: 'DISCARD', reason: SESSION },
  ListenStmt: { part: 'LISTEN', reason: SESSION },
  UnlistenStmt: { part: 'UNLISTEN', reason: SESSION },
  NotifyStmt: { part: 'NOTIFY', reason: 'It sends a message out of the database; use another channel.' },
  ConstraintsSetStmt: { part: 'SET CONSTRAINTS', reason: SESSION },
  LoadStmt: { part: 'LOAD', reason: CODE },
  DoStmt: { part: 'DO', reason: BLOCK },
  CallStmt: { part: 'CALL', reason: BLOCK },
  CopyStmt: {
    part: 'COPY',
    reason: 'It moves data past masking and may run programs; select the rows instead.',
  },
  PrepareStmt: { part: 'PREPARE', reason: PREPARED },
  ExecuteStmt: { part: 'EXECUTE', reason: PREPARED },
  DeallocateStmt: { part: 'DEALLOCATE', reason: PREPARED },
  DeclareCursorStmt: { part: 'DECLARE', reason: CURSOR },
  FetchStmt: { part: 'FETCH', reason: CURSOR },
  ClosePortalStmt: { part: 'CLOSE', reason: CURSOR },
  CurrentOfExpr: { part: 'WHERE CURRENT OF', reason: CURSOR },
  LockStmt: {
    part: 'LOCK',
    reason: 'It stops others from working; a statement takes the locks that it needs.',
  },
  VacuumStmt: { part: 'VACUUM or ANALYZE', reason: UPKEEP },
  ClusterStmt: { part: 'CLUSTER', reason: UPKEEP },
  ReindexStmt: { part: 'REINDEX', reason: UPKEEP },
  CheckPointStmt: { part: 'CHECKPOINT', reason: UPKEEP },
  RefreshMatViewStmt: { part: 'REFRESH MATERIALIZED VIEW', reason: UPKEEP },
  TruncateStmt: {
    part: 'TRUNCATE',
    reason: 'It empties a table past its row triggers; delete the rows with a WHERE.',
  },
  CreateTableAsStmt: {
    part: 'CREATE TABLE AS',
    reason: 'It copies data past masking; create the table, then insert.',
  },
  RenameStmt: {
    part: 'RENAME',
    reason: 'A column that is renamed would lose its mask; ask the owner of the database.',
  },
  AlterOwnerStmt: { part: 'OWNER TO', reason: ADMIN },
  GrantStmt: { part: 'GRANT or REVOKE', reason: ADMIN },
  GrantRoleStmt: { part: 'GRANT or REVOKE', reason: ADMIN },
  AlterDefaultPrivilegesStmt: { part: 'ALTER DEFAULT PRIVILEGES', reason: ADMIN },
  CreateRoleStmt: { part: 'CREATE ROLE', reason: ADMIN },
  AlterRoleStmt: { part: 'ALTER ROLE', reason: ADMIN },
  AlterRoleSetStmt: { part: 'ALTER ROLE', reason: ADMIN },
  DropRoleStmt: { part: 'DROP ROLE', reason: ADMIN },
  DropOwnedStmt: { part: 'DROP OWNED', reason: ADMIN },
  ReassignOwnedStmt: { part: 'REASSIGN OWNED', reason: ADMIN },
  CreatePolicyStmt: { part: 'CREATE POLICY', reason: ADMIN },
  AlterPolicyStmt: { part: 'ALTER POLICY', reason: ADMIN },
  AlterSystemStmt: { part: 'ALTER SYSTEM', reason: ADMIN },
  SecLabelStmt: { part: 'SECURITY LABEL', reason: ADMIN },
  CreateFunctionStmt: { part: 'CREATE FUNCTION', reason: CODE },
  AlterFunctionStmt: { part: 'ALTER FUNCTION', reason: CODE },
  CreateTrigStmt: { part: 'CREATE TRIGGER', reason: CODE },
  CreateEventTrigStmt: { part: 'CREATE EVENT TRIGGER', reason: CODE },
  RuleStmt: { part: 'CREATE RULE', reason: CODE },
  CreateExtensionStmt: { part: 'CREATE EXTENSION', reason: CODE },
  CreatePLangStmt: { part: 'CREATE LANGUAGE', reason: CODE },
  CreateCastStmt: { part: 'CREATE CAST', reason: CODE },
  DefineStmt: { part: 'CREATE OPERATOR, TYPE or AGGREGATE', reason: CODE },
  'SelectStmt.intoClause': {
    part: 'SELECT INTO',
    reason: 'It copies data past masking; leave INTO out to read, or create the table and insert.',
  },
  'SelectStmt.lockingClause': {
    part: 'FOR UPDATE or FOR SHARE',
    reason: 'It locks rows that others need; leave it out.',
  },
  XmlExpr: { part: 'XML', reason: 'XML is not given; use JSON.' },
  XmlSerialize: { part: 'XML', reason: 'XML is not given; use JSON.' },
  RangeTableFunc: { part: 'XMLTABLE', reason: 'XML is not given; use JSON.' },
  'IndexStmt.concurrent': { part: 'CONCURRENTLY', reason: 'It cannot run in a transaction; leave it out.' },
  'DropStmt.concurrent': { part: 'CONCURRENTLY', reason: 'It cannot run in a transaction; leave it out.' },
  'TypeName.setof': { part: 'SETOF', reason: 'No value has such a type.' },
  'RangeVar.catalogname': { part: 'a database’s name', reason: 'Name schema and table only.' },
  'Target.catalogname': { part: 'a database’s name', reason: 'Name schema and table only.' },
};
