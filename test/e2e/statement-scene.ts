import assert from 'node:assert/strict';
import type { Client } from 'pg';
import { MEASURED, TRIED } from '../core/sql/forbidden-statements.ts';
import { BENT_STATEMENTS, BENT_WRITES, birdsIn } from './bent-statements.ts';
import { insist } from './insist.ts';
import { assertProblem } from './problems.ts';
import type { Caller, RunningStack } from './running-stack.ts';

/** A stack whose database has what `PLANT` plants. */
export interface StatementScene {
  readonly running: RunningStack;
  readonly crew: Caller;
  /** Of the database of the statements. */
  readonly superuser: Client;
  /** One of so many is sent of what nobody has measured: 1 sends them all, about 400 statements, in half a minute. */
  readonly oneOf: number;
}

const some = <T>(all: readonly T[], oneOf: number): readonly T[] => all.filter((_, at) => at % oneOf === 0);

const oneValue = async (superuser: Client, sql: string): Promise<unknown> => {
  const { rows } = await superuser.query({ text: sql, rowMode: 'array' });
  return rows[0]?.[0];
};

/** Everything that a statement could leave behind, in the words of the server. Users of grants come and go by themselves. */
const STATE_OF_SERVER = `
  SELECT jsonb_build_object(
    'customers', (SELECT md5(string_agg(t::text || t.xmin || t.xmax, ',' ORDER BY id)) FROM customers t),
    'orders', (SELECT md5(string_agg(t::text || t.xmin || t.xmax, ',' ORDER BY id)) FROM orders t),
    'sequences', (SELECT jsonb_agg(s.last_value ORDER BY s.sequencename) FROM pg_sequences s),
    'relations', (SELECT md5(string_agg(oid::text || relname || coalesce(relacl::text, ''), ',' ORDER BY oid)) FROM pg_class),
    'functions', (SELECT md5(string_agg(oid::text || proname, ',' ORDER BY oid)) FROM pg_proc),
    'roles', (SELECT md5(string_agg(r::text, ',' ORDER BY oid)) FROM pg_authid r WHERE NOT starts_with(rolname, 'lk_')),
    'databases', (SELECT md5(string_agg(datname || coalesce(datacl::text, ''), ',' ORDER BY oid)) FROM pg_database),
    'settings', (SELECT md5(string_agg(name || setting, ',' ORDER BY name)) FROM pg_settings),
    'settings of roles', (SELECT count(*) FROM pg_db_role_setting WHERE setrole NOT IN
      (SELECT oid FROM pg_authid WHERE starts_with(rolname, 'lk_'))),
    'advisory locks', (SELECT count(*) FROM pg_locks WHERE locktype = 'advisory'),
    'large objects', (SELECT count(*) FROM pg_largeobject_metadata),
    'slots', (SELECT count(*) FROM pg_replication_slots),
    'prepared', (SELECT count(*) FROM pg_prepared_xacts),
    'messages', pg_notification_queue_usage(),
    'collations', (SELECT count(*) FROM pg_collation)
  )::text`;

/** Sends statements that are not reads as reads. Throws unless each is refused, says its part, and left nothing behind. */
export const everyWayRoundIsRefused = async ({
  running,
  crew,
  superuser,
  oneOf,
}: StatementScene): Promise<void> => {
  const untouched = await oneValue(superuser, STATE_OF_SERVER);
  const forbidden = [...MEASURED, ...some(TRIED, oneOf)];
  const answers = await insist({ running, crew, action: 'postgres:read' }, forbidden, ([sql]) => sql);
  assert.equal(answers.size, forbidden.length);
  for (const [[sql, part], answer] of answers) {
    assert.equal(answer.status, 422, `${sql} → ${answer.status} ${answer.text}`);
    assert.match(assertProblem(answer, 422, 'statement_refused').detail, part, sql);
  }
  assert.equal(await oneValue(superuser, STATE_OF_SERVER), untouched);
};

/** Sends statements that bend a sensitive value. Throws when any form of one is in an answer, or nearly none was answered. */
export const noBendingShowsABird = async ({
  running,
  crew,
  superuser,
  oneOf,
}: StatementScene): Promise<void> => {
  const reads = some(BENT_STATEMENTS, oneOf);
  const writes = some(BENT_WRITES, oneOf);
  const read = await insist({ running, crew, action: 'postgres:read' }, reads, (sql) => sql);
  const written = await insist({ running, crew, action: 'postgres:write' }, writes, (sql) => sql);
  const answers = [...read, ...written];
  assert.equal(answers.length, reads.length + writes.length);
  for (const [sql, { status, text, headers }] of answers) {
    assert.deepEqual(birdsIn(text + JSON.stringify(headers)), [], `${sql} → ${text}`);
    assert.ok([200, 403, 422].includes(status), `${sql} → ${status} ${text}`);
  }
  const count = (wanted: number) => answers.filter(([, { status }]) => status === wanted).length;
  const least = Math.floor(40 / oneOf);
  assert.ok(count(200) >= least && count(422) >= least, `${count(200)} shown, ${count(422)} refused`);
  const name = await oneValue(superuser, "SELECT name FROM customers WHERE country = 'XX'");
  assert.equal(name, 'Birdie');
};
