import { randomBytes } from 'node:crypto';
import type { Client } from 'pg';
import { statementTarget } from '../../lambdas/adapters/postgres/statement-target.ts';
import type { ExecuteAsk, Executed, ExecutionFailure } from '../../lambdas/app/ports.ts';
import { databaseUser, grantId, taskId } from '../../lambdas/core/grant/ids.ts';
import type { RelationName, Statement, StatementClass } from '../../lambdas/core/sql/statement.ts';
import { startDatabase, type TestDatabase } from './postgres.ts';

/** A statement as if it had been classified, by hand: what is executed is the text, whatever this says. */
export const statementOf = (change: Partial<Statement> = {}): Statement => ({
  class: 'read',
  verb: 'select',
  bounded: true,
  relations: [],
  columns: [],
  functions: [],
  operators: [],
  normalised: '',
  literals: [],
  parameterCount: 0,
  tree: {},
  ...change,
});

export const relation = (name: string): RelationName => ({ schema: undefined, name });

export const write = (sql: string, ...names: string[]): Partial<ExecuteAsk> => ({
  sql,
  statement: statementOf({ class: 'write', verb: 'update', relations: names.map(relation) }),
});

export const read = (sql: string, ...names: string[]): Partial<ExecuteAsk> => ({
  sql,
  statement: statementOf({ relations: names.map(relation) }),
});

export const LIMITS = { maxRows: 100, maxBytes: 100_000, maxSeconds: 5 };

export interface RunTarget {
  readonly database: TestDatabase;
  readonly superuser: Client;
  /** A grant whose user has the rights of this run role: `orders_reader`, `orders_writer`, `orders_definer`. */
  grantWith(role: string): Promise<string>;
  run(grant: string, change: Partial<ExecuteAsk>): Promise<Executed>;
  refusal(grant: string, change: Partial<ExecuteAsk>): Promise<ExecutionFailure>;
  /** Of everything that a statement could leave behind: rows, definitions, sequences, settings, large objects, locks. */
  stateOf(): Promise<string>;
  /** Sessions of runs that are left. */
  sessions(): Promise<number>;
  stop(): Promise<void>;
}

/** Of the setup of a target are the roles that read and write; what `seed` made is theirs too. */
const ROLES: Readonly<Record<StatementClass, string>> = {
  read: `GRANT SELECT ON ALL TABLES IN SCHEMA public TO orders_reader`,
  write: `GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO orders_writer;
    GRANT USAGE ON ALL SEQUENCES IN SCHEMA public TO orders_writer`,
  ddl: `CREATE ROLE orders_definer NOLOGIN; GRANT CONNECT ON DATABASE orders TO orders_definer;
    GRANT USAGE, CREATE ON SCHEMA public TO orders_definer`,
};

/** A database whose run roles may work with what `seed` has made, which the superuser executes first; and the port on it. */
export const startRunTarget = async (seed = '', binaries?: string): Promise<RunTarget> => {
  const database = await startDatabase(binaries);
  const { resource, signOwn } = database;
  const superuser = await database.postgres.asSuperuser('orders');
  for (const text of [seed, ...Object.values(ROLES)]) await superuser.query(text);
  const target = statementTarget({ signOwn });
  const execute = (grant: string, change: Partial<ExecuteAsk>) =>
    target.execute({
      resource,
      grantId: grant,
      statement: statementOf(),
      sql: 'SELECT 1',
      params: [],
      limits: LIMITS,
      proceed: async () => true,
      ...change,
    });
  return {
    database,
    superuser,
    async grantWith(role) {
      const grant = grantId(taskId(randomBytes(20)), randomBytes(12));
      await superuser.query(`CREATE ROLE ${databaseUser(grant)} LOGIN CONNECTION LIMIT 10`);
      await superuser.query(`GRANT ${role}, rds_iam TO ${databaseUser(grant)}`);
      return grant;
    },
    async run(grant, change) {
      const result = await execute(grant, change);
      if (!result.ok) throw new Error(JSON.stringify(result.failure));
      return result.value;
    },
    async refusal(grant, change) {
      const result = await execute(grant, change);
      if (result.ok) throw new Error(`it was executed: ${JSON.stringify(result.value)}`);
      return result.failure;
    },
    async stateOf() {
      const { rows } = await superuser.query<{ state: string }>(STATE);
      return rows[0]?.state ?? '';
    },
    async sessions() {
      const { rows } = await superuser.query(
        "SELECT FROM pg_stat_activity WHERE application_name LIKE 'latchkey-run%'",
      );
      return rows.length;
    },
    async stop() {
      await superuser.end();
      await database.stop();
    },
  };
};

const STATE = `
  SELECT json_build_array(
    (SELECT json_agg(o ORDER BY id) FROM orders o), (SELECT json_agg(c ORDER BY id) FROM customers c),
    (SELECT json_agg(s ORDER BY id) FROM stock s), (SELECT json_agg(m ORDER BY id) FROM stock_moves m),
    (SELECT json_agg(json_build_array(oid, relname, relowner, relacl, relfilenode) ORDER BY oid) FROM pg_class
      WHERE oid >= 16384),
    (SELECT json_agg(json_build_array(oid, proname, prosrc, proowner) ORDER BY oid) FROM pg_proc WHERE oid >= 16384),
    (SELECT json_agg(s ORDER BY schemaname, sequencename) FROM pg_sequences s),
    (SELECT json_agg(json_build_array(setdatabase, setrole, setconfig)) FROM pg_db_role_setting),
    (SELECT json_agg(json_build_array(rolname, rolsuper, rolcanlogin) ORDER BY rolname) FROM pg_roles),
    (SELECT json_agg(json_build_array(roleid, member)) FROM pg_auth_members),
    (SELECT count(*) FROM pg_largeobject_metadata), (SELECT count(*) FROM pg_prepared_xacts),
    (SELECT count(*) FROM pg_replication_slots), (SELECT count(*) FROM pg_collation),
    (SELECT count(*) FROM pg_locks WHERE locktype = 'advisory')
  )::text AS state`;
