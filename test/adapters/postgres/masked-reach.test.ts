import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { maskedReach } from '../../../lambdas/adapters/postgres/masked-reach.ts';
import { postgresTarget } from '../../../lambdas/adapters/postgres/postgres-target.ts';
import { asAdmin } from '../../../lambdas/adapters/postgres/session.ts';
import { TemplateLeaks } from '../../../lambdas/app/ports-of-targets.ts';
import { databaseUser } from '../../../lambdas/core/grant/ids.ts';
import type { SensitiveColumn } from '../../../lambdas/core/masking/mask.ts';
import { ACTIVATING, SENSITIVE_RESOURCE } from '../../support/facts.ts';
import { type GrantedRoles, newGrantId, startGrantedRoles } from '../../support/granted-roles.ts';

const MASKED = 'orders_app_masked';

let roles: GrantedRoles;
before(async () => {
  roles = await startGrantedRoles();
});
after(() => roles.stop());

const column = (table: string, name: string): SensitiveColumn => ({
  schema: 'public',
  table,
  column: name,
  category: 'email',
  form: { kind: 'redact' },
});
const { sensitive: SENSITIVE } = SENSITIVE_RESOURCE;

const reach = (columns: readonly SensitiveColumn[] = SENSITIVE, role = MASKED) =>
  asAdmin({ resource: roles.resource, signOwn: roles.database.signOwn, database: 'orders' }, (session) =>
    maskedReach(session, role, columns),
  );

/** What is found while something is wrong. */
const reachWhile = async (wrong: string, right: string, columns = SENSITIVE): Promise<readonly string[]> => {
  await roles.run(wrong);
  try {
    return (await reach(columns)).map(({ kind, name }) => `${kind} ${name}`);
  } finally {
    await roles.run(right);
  }
};

const open = async (columns: readonly SensitiveColumn[] = SENSITIVE) => {
  const target = postgresTarget({ signOwn: roles.database.signOwn, clock: Date.now });
  const id = newGrantId();
  const opened = await target.open({
    resource: {
      ...roles.resource,
      sensitive: columns,
      target: { ...roles.resource.target, maskedTemplateRole: MASKED },
    },
    grant: { ...ACTIVATING, id, rights: 'connect_masked' },
    isStillWanted: async () => true,
  });
  return { opened, exists: await roles.exists(databaseUser(id)), user: databaseUser(id) };
};

test('the masked template of docs/targets/postgres.sql reaches no sensitive column, the template all of them', async () => {
  assert.deepEqual(await reach(), []);
  const found = await reach(SENSITIVE, 'orders_app');
  assert.deepEqual(
    found.map(({ kind, name }) => `${kind} ${name}`),
    ['column public.customers.card', 'column public.customers.email', 'column public.customers.phone'],
  );
});

test('a masked login reads the other columns, counts, groups and joins, and is refused where a sensitive one is named', async () => {
  const { opened, user } = await open();
  assert.equal(opened, 'opened');
  const session = await roles.database.logIn(user);
  try {
    const { rows } = await session.query(
      `SELECT country, count(*)::int AS orders FROM orders JOIN customers ON customers.id = customer_id
       GROUP BY country ORDER BY country LIMIT 1`,
    );
    assert.deepEqual(rows, [{ country: 'DE', orders: 150 }]);
    for (const query of [
      'SELECT * FROM customers',
      'SELECT email FROM customers',
      'SELECT count(*) FROM customers WHERE email = $$a$$',
      'SELECT id FROM customers ORDER BY card',
      'SELECT customers FROM customers',
      'SELECT to_jsonb(c) FROM customers c',
      'COPY customers TO STDOUT',
      'UPDATE customers SET name = email',
      'UPDATE customers SET name = name RETURNING email',
      "INSERT INTO customers (name, email) VALUES ('a', 'b')",
    ])
      await assert.rejects(session.query(query), { code: '42501' }, query);
  } finally {
    await session.end();
  }
});

test('each way to a sensitive column is found', async () => {
  const view = (name: string, query: string) =>
    `CREATE VIEW ${name} AS ${query}; GRANT SELECT ON ${name} TO PUBLIC`;
  for (const [wrong, right, found] of [
    [
      `GRANT SELECT (email) ON customers TO ${MASKED}`,
      `REVOKE SELECT (email) ON customers FROM ${MASKED}`,
      ['column public.customers.email'],
    ],
    [
      'GRANT SELECT (card) ON customers TO PUBLIC',
      'REVOKE SELECT (card) ON customers FROM PUBLIC',
      ['column public.customers.card'],
    ],
    [view('v', 'SELECT lower(email) AS x FROM customers'), 'DROP VIEW v', ['relation public.v']],
    [view('v', 'SELECT id FROM customers WHERE phone IS NULL'), 'DROP VIEW v', ['relation public.v']],
    [view('v', 'SELECT id, to_jsonb(c) AS x FROM customers c'), 'DROP VIEW v', ['relation public.v']],
    [
      `CREATE VIEW w AS SELECT email AS e FROM customers; ${view('v', 'SELECT e FROM w')}`,
      'DROP VIEW v, w',
      ['relation public.v'],
    ],
    [
      'CREATE MATERIALIZED VIEW m AS SELECT email FROM customers; GRANT SELECT ON m TO PUBLIC',
      'DROP MATERIALIZED VIEW m',
      ['relation public.m'],
    ],
    [
      'CREATE TABLE t (x text); GRANT INSERT ON t TO PUBLIC; CREATE RULE r AS ON INSERT TO t DO ALSO UPDATE customers SET name = email',
      'DROP TABLE t',
      ['relation public.t'],
    ],
    [
      'CREATE FUNCTION f(int) RETURNS text SECURITY DEFINER LANGUAGE sql RETURN (SELECT email FROM public.customers WHERE id = $1)',
      'DROP FUNCTION f',
      ['function public.f(integer)'],
    ],
  ] as const)
    assert.deepEqual(await reachWhile(wrong, right), found, wrong);
});

test('what shows nothing sensitive, or asks the reader, is left alone', async () => {
  for (const [wrong, right] of [
    ['CREATE VIEW v AS SELECT id, country FROM customers; GRANT SELECT ON v TO PUBLIC', 'DROP VIEW v'],
    ['CREATE VIEW v AS SELECT count(*) FROM customers; GRANT SELECT ON v TO PUBLIC', 'DROP VIEW v'],
    ['CREATE VIEW v AS SELECT email FROM customers', 'DROP VIEW v'],
    [
      'CREATE VIEW v WITH (security_invoker = true) AS SELECT email FROM customers; GRANT SELECT ON v TO PUBLIC',
      'DROP VIEW v',
    ],
    [
      'CREATE SCHEMA s; CREATE VIEW s.v AS SELECT email FROM customers; GRANT SELECT ON s.v TO PUBLIC',
      'DROP SCHEMA s CASCADE',
    ],
    [
      'CREATE FUNCTION f() RETURNS text LANGUAGE sql BEGIN ATOMIC SELECT email FROM public.customers LIMIT 1; END',
      'DROP FUNCTION f',
    ],
    [
      'CREATE FUNCTION f() RETURNS int SECURITY DEFINER LANGUAGE sql RETURN 1; REVOKE EXECUTE ON FUNCTION f FROM PUBLIC',
      'DROP FUNCTION f',
    ],
  ] as const)
    assert.deepEqual(await reachWhile(wrong, right), [], wrong);
});

test('a column is the same in partitions, children and parents, which are read through each other', async () => {
  const made = `CREATE TABLE parent (id int, email text); CREATE TABLE child () INHERITS (parent);
    CREATE TABLE "Odd.Names" ("eMail" text)`;
  await roles.run(made);
  try {
    for (const [listed, granted] of [
      ['parent', 'child'],
      ['child', 'parent'],
    ] as const) {
      const found = await reachWhile(
        `GRANT SELECT ON ${granted} TO ${MASKED}`,
        `REVOKE SELECT ON ${granted} FROM ${MASKED}`,
        [column(listed, 'email')],
      );
      assert.deepEqual(found, [`column public.${granted}.email`]);
    }
    assert.deepEqual(
      (await reach([column('Odd.Names', 'eMail')], 'orders_app')).map(({ kind }) => kind),
      [],
    );
  } finally {
    await roles.run('DROP TABLE child, parent, "Odd.Names"');
  }
});

test('a column that is not there, in another case, or dropped, is missing, for nobody can tell where it went', async () => {
  const gone = [column('customers', 'e_mail'), column('customers', 'EMAIL'), column('nowhere', 'email')];
  assert.deepEqual(
    (await reach(gone)).map(({ kind, name }) => `${kind} ${name}`),
    ['missing public.customers."EMAIL"', 'missing public.customers.e_mail', 'missing public.nowhere.email'],
  );
});

test('a masked login is not made while its template reaches a sensitive column', async () => {
  await roles.run('CREATE VIEW v AS SELECT email FROM customers; GRANT SELECT ON v TO PUBLIC');
  try {
    await assert.rejects(open(), TemplateLeaks);
  } finally {
    await roles.run('DROP VIEW v');
  }
  assert.equal((await open()).opened, 'opened');
});

test('a masked login is not made while a sensitive column is missing at the target', async () => {
  await assert.rejects(open([...SENSITIVE, column('customers', 'e_mail')]), TemplateLeaks);
});
