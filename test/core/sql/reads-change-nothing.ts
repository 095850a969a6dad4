import assert from 'node:assert/strict';
import fc from 'fast-check';
import { type Client, DatabaseError } from 'pg';
import { classify } from '../../../lambdas/core/sql/classify.ts';
import { loadParser } from '../../../lambdas/core/sql/parser.ts';
import { NASTY_STATEMENT } from './nasty-statements.ts';

/** Everything that a statement could leave behind: rows, sequences, the catalogue, large objects, slots, and the session's own. */
const DIGEST = `
  SELECT jsonb_build_object(
    'ledger', (SELECT md5(string_agg(l::text || l.xmin::text || l.xmax::text, ',' ORDER BY id)) FROM ledger l),
    'orders', (SELECT md5(string_agg(o::text || o.xmax::text, ',' ORDER BY id)) FROM orders o),
    'counter', (SELECT last_value || is_called::text FROM counter),
    'sequences', (SELECT jsonb_agg(s.last_value ORDER BY s.sequencename) FROM pg_sequences s),
    'relations', (SELECT md5(string_agg(c.oid::text || c.relname || c.relpersistence::text, ',' ORDER BY c.oid)) FROM pg_class c),
    'rights', (SELECT md5(string_agg(coalesce(relacl::text, ''), ',' ORDER BY c.oid)) FROM pg_class c),
    'collations', (SELECT count(*) FROM pg_collation),
    'roles', (SELECT md5(string_agg(r::text, ',' ORDER BY oid)) FROM pg_authid r),
    'large objects', (SELECT count(*) FROM pg_largeobject_metadata),
    'slots', (SELECT count(*) FROM pg_replication_slots),
    'messages', pg_notification_queue_usage(),
    'locks', (SELECT count(*) FROM pg_locks WHERE pid = pg_backend_pid() AND locktype = 'advisory'),
    'settings', (SELECT md5(string_agg(name || setting, ',' ORDER BY name)) FROM pg_settings),
    'prepared', (SELECT count(*) FROM pg_prepared_statements WHERE name <> ''),
    'cursors', (SELECT count(*) FROM pg_cursors WHERE name <> ''),
    'channels', (SELECT count(*) FROM pg_listening_channels()),
    'open', (SELECT count(*) FROM pg_prepared_xacts),
    'who', current_user || session_user
  )::text AS digest`;

export const digestOf = async (client: Client): Promise<string> => {
  const { rows } = await client.query<{ digest: string }>(DIGEST);
  return rows[0]?.digest ?? '';
};

/** By the extended protocol, as runs are, and committed at once. What PostgreSQL itself refuses has changed nothing. */
export const execute = async (
  client: Client,
  text: string,
  values: readonly string[] = [],
): Promise<boolean> => {
  // The types of the driver do not know `queryMode`, which keeps it from its simple protocol without values.
  const query: { text: string; values: string[] } = Object.assign(
    { text, values: [...values] },
    { queryMode: 'extended' },
  );
  try {
    await client.query(query);
    return true;
  } catch (error) {
    if (error instanceof DatabaseError) return false;
    throw error;
  }
};

const STATEMENTS_PER_RUN = 10;

/** Executes what is classified as a read with every right there is, and looks at everything that could have changed. Says how many worked. */
export const readsChangeNothing = async (client: Client, runs: number): Promise<number> => {
  let worked = 0;
  await client.query('SET statement_timeout = 2000');
  const statements = fc.array(NASTY_STATEMENT, {
    minLength: STATEMENTS_PER_RUN,
    maxLength: STATEMENTS_PER_RUN,
  });
  await fc.assert(
    fc.asyncProperty(statements, async (all) => {
      await loadParser();
      const reads = all.filter((sql) => {
        const result = classify(sql);
        return result.ok && result.value.class === 'read';
      });
      const before = await digestOf(client);
      for (const sql of reads) worked += Number(await execute(client, sql));
      assert.equal(await digestOf(client), before, reads.join('\n'));
    }),
    { numRuns: runs },
  );
  return worked;
};
