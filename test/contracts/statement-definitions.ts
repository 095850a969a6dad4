import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ExecuteAsk, Inspection } from '../../lambdas/app/ports.ts';
import { type RunTarget, read, relation, statementOf, write } from '../support/run-target.ts';

/** What is known of the definitions that a statement stands on, on any version of PostgreSQL. */
export const definitionsContract = (at: () => RunTarget, thorough: boolean): void => {
  const reader = () => at().grantWith('orders_reader');
  const inspect = async (change: Partial<ExecuteAsk>): Promise<Inspection> => {
    const seen: Inspection[] = [];
    const proceed = async (inspection: Inspection) => seen.push(inspection) > 0;
    await at().run(await reader(), { ...change, proceed });
    assert.ok(seen[0]);
    return seen[0];
  };
  const madeOf = async (view: string) =>
    (await inspect(read(`SELECT * FROM ${view}`, view))).catalogue.relations.get(view)?.madeOf;
  /** Does something as somebody else, between the question and the execution, and undoes it at the end. */
  const meanwhile = (doing: string) => async (): Promise<boolean> => {
    await at().superuser.query(doing);
    return true;
  };
  const between = async (make: string, undo: string, work: () => Promise<void>): Promise<void> => {
    await at().superuser.query(make);
    await work().finally(() => at().superuser.query(undo));
  };

  test('a view is made of the columns that its query uses, through other views too', async () => {
    assert.deepEqual(await madeOf('german_buyers'), [
      'public.buyers.address',
      'public.buyers.country',
      'public.customers.country',
      'public.customers.email',
      'public.customers.id',
    ]);
    assert.deepEqual(await madeOf('old_orders'), ['public.orders.id', 'public.orders.total_cents']);
    assert.deepEqual(await madeOf('buyer_count'), []);
    assert.deepEqual(await madeOf('customers'), []);
  });

  test('a view that takes whole rows is made of every column', async () => {
    const all = ['card', 'country', 'email', 'id', 'name', 'phone'].map(
      (column) => `public.customers.${column}`,
    );
    assert.deepEqual(await madeOf('whole_buyers'), all);
  });

  test('a column is made of those of its name in parents and children, and of what it is computed from', async () => {
    const columnOf = async (table: string, name: string) => {
      const { catalogue } = await inspect(read(`SELECT * FROM ${table}`, table));
      return catalogue.relations.get(table)?.columns.find((column) => column.name === name)?.madeOf;
    };
    const inTables = (column: string, ...tables: string[]) => tables.map((t) => `public.${t}.${column}`);
    assert.deepEqual(await columnOf('visits', 'card'), inTables('card', 'visits_old', 'visits_older'));
    assert.deepEqual(await columnOf('visits_older', 'card'), inTables('card', 'visits', 'visits_old'));
    assert.deepEqual(await columnOf('visits_older', 'id'), inTables('id', 'visits', 'visits_old'));
    assert.deepEqual(await columnOf('members', 'card'), inTables('card', 'members_gold'));
    assert.deepEqual(await columnOf('members_gold', 'card'), inTables('card', 'members'));
    assert.deepEqual(await columnOf('members_gold', 'level'), inTables('level', 'members'));
    assert.deepEqual(await columnOf('members', 'last_four'), [
      ...['public.members.card', 'public.members_gold.last_four', 'public.members_gold.card'],
    ]);
    assert.deepEqual(await madeOf('gold_endings'), [
      ...['public.members.card', 'public.members.last_four'],
      ...['public.members_gold.card', 'public.members_gold.last_four'],
    ]);
  });

  test('names are resolved as PostgreSQL resolves them, and a relation that does not exist is not there', async () => {
    const named = { schema: 'public', name: 'buyers' };
    const statement = statementOf({ relations: [named, relation('old_orders'), relation('no such "one')] });
    const { catalogue } = await inspect({ statement, sql: 'SELECT 1 FROM public.buyers, old_orders' });
    const kinds = [...catalogue.relations].map(([name, { kind }]) => [name, kind]);
    assert.deepEqual(kinds, [
      ['public.buyers', 'view'],
      ['old_orders', 'materialized view'],
    ]);
  });

  test('functions of PostgreSQL that a view calls are told, as if the statement called them', async () => {
    const { viewFunctions } = await inspect(read('SELECT * FROM german_buyers', 'german_buyers'));
    assert.deepEqual(viewFunctions, ['lower']);
  });

  test('functions of an extension that a view calls are told as well', () =>
    between(
      `CREATE EXTENSION citext; CREATE VIEW foldless AS SELECT strpos(name::citext, 'x'::citext), citext_hash(name::citext)
        FROM customers; GRANT SELECT ON foldless TO orders_reader`,
      'DROP VIEW foldless; DROP EXTENSION citext',
      async () => {
        const { viewFunctions } = await inspect(read('SELECT * FROM foldless', 'foldless'));
        assert.deepEqual(viewFunctions, ['citext_hash', 'strpos']);
      },
    ));

  test('a view that calls a function somebody made is refused: nobody knows what it is made of', async () => {
    const failure = await at().refusal(await reader(), read('SELECT * FROM sly_buyers', 'sly_buyers'));
    assert.deepEqual(failure, { code: 'shadowed', part: 'function email_of(bigint)' });
  });

  test('row security holds for a run, and the functions it calls are in the digest', async () => {
    const { rows } = await at().run(await reader(), read('SELECT id FROM kept', 'kept'));
    assert.deepEqual(rows, [['1']]);
    const digest = async () => (await inspect(read('SELECT id FROM kept', 'kept'))).catalogue.digest;
    const before = await digest();
    await at().superuser.query(
      `CREATE OR REPLACE FUNCTION my_tenant() RETURNS text LANGUAGE sql STABLE AS $$ SELECT 'all' $$`,
    );
    assert.notEqual(await digest(), before);
    await at().superuser.query(
      `CREATE OR REPLACE FUNCTION my_tenant() RETURNS text LANGUAGE sql STABLE AS $$ SELECT 'mine' $$`,
    );
    assert.equal(await digest(), before);
  });

  const CHANGES = [
    ['a column', 'ALTER TABLE customers ADD extra text', 'ALTER TABLE customers DROP extra'],
    [
      'a trigger',
      'CREATE TRIGGER t BEFORE UPDATE ON customers FOR EACH ROW EXECUTE FUNCTION suppress_redundant_updates_trigger()',
      'DROP TRIGGER t ON customers',
    ],
    ['a rule', 'CREATE RULE r AS ON DELETE TO customers DO INSTEAD NOTHING', 'DROP RULE r ON customers'],
    [
      'row security',
      'ALTER TABLE customers ENABLE ROW LEVEL SECURITY',
      'ALTER TABLE customers DISABLE ROW LEVEL SECURITY',
    ],
    ['a policy', 'CREATE POLICY p ON customers USING (id > 0)', 'DROP POLICY p ON customers'],
    [
      'a view',
      `CREATE OR REPLACE VIEW buyers AS SELECT id, name AS address, country FROM customers`,
      `CREATE OR REPLACE VIEW buyers AS SELECT id, email AS address, country FROM customers WHERE country <> 'XX'`,
    ],
  ] as const;
  for (const [what, change, undo] of thorough ? CHANGES : CHANGES.slice(-2))
    test(`the digest tells ${what} from what was before`, async () => {
      const digest = async () =>
        (await inspect(read('SELECT address FROM german_buyers', 'german_buyers'))).catalogue.digest;
      const before = await digest();
      await between(change, undo, async () => assert.notEqual(await digest(), before));
    });

  test('while the question is open, nobody can replace what the statement reads or writes', async () => {
    const { superuser } = at();
    await superuser.query("SET lock_timeout = '100ms'");
    const denied = (doing: string) => async () => {
      await assert.rejects(superuser.query(doing), { code: '55P03' }, doing);
      return true;
    };
    const writer = await at().grantWith('orders_writer');
    for (const doing of [
      'CREATE OR REPLACE VIEW buyers AS SELECT id, name AS address, country FROM customers',
      'CREATE OR REPLACE VIEW german_buyers AS SELECT address, low FROM (SELECT 1::text, 2::text) AS t (address, low)',
      'ALTER TABLE customers RENAME TO people',
      'CREATE RULE r AS ON DELETE TO customers DO INSTEAD NOTHING',
      'CREATE POLICY p ON customers USING (id > 0)',
    ])
      await at().run(writer, {
        ...read('SELECT * FROM german_buyers', 'german_buyers'),
        proceed: denied(doing),
      });
    const trigger =
      'CREATE TRIGGER t BEFORE UPDATE ON customers FOR EACH ROW EXECUTE FUNCTION suppress_redundant_updates_trigger()';
    await at().run(writer, {
      ...write('UPDATE customers SET name = name WHERE id = 1', 'customers'),
      proceed: denied(trigger),
    });
    await superuser.query('RESET lock_timeout');
  });

  const tenant = (text: string) =>
    `CREATE OR REPLACE FUNCTION my_tenant() RETURNS text LANGUAGE sql STABLE AS $$ SELECT '${text}' $$`;
  for (const [what, doing] of [
    ['replaced', tenant('theirs')],
    ['replaced and put back', `${tenant('theirs')}; ${tenant('mine')}`],
  ] as const)
    test(`a function that is ${what} after the question spoils the run`, async () => {
      const failure = await at().refusal(await reader(), {
        ...read('SELECT id FROM kept', 'kept'),
        proceed: meanwhile(doing),
      });
      await at().superuser.query(tenant('mine'));
      assert.deepEqual(failure, { code: 'definition_changed' });
    });

  test('a function of a trigger that is replaced after the question undoes the write', async () => {
    const body = (text: string) =>
      `CREATE OR REPLACE FUNCTION keep() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN ${text} RETURN NEW; END'`;
    await between(
      `${body('')}; CREATE TRIGGER keep BEFORE UPDATE ON stock FOR EACH ROW EXECUTE FUNCTION keep()`,
      'DROP TRIGGER keep ON stock; DROP FUNCTION keep()',
      async () => {
        const failure = await at().refusal(await at().grantWith('orders_writer'), {
          ...write('UPDATE stock SET left_over = 3 WHERE id = 3', 'stock'),
          proceed: meanwhile(body('NEW.left_over = 77;')),
        });
        assert.deepEqual(failure, { code: 'definition_changed' });
        const { rows } = await at().superuser.query('SELECT left_over FROM stock WHERE id = 3');
        assert.deepEqual(rows, [{ left_over: 10 }]);
      },
    );
  });

  const evil = (signature: string, result = 'text') =>
    `CREATE FUNCTION ${signature} RETURNS ${result} LANGUAGE sql IMMUTABLE AS 'SELECT NULL::${result}'`;
  const CAST = { typeName: { names: [{ String: { sval: 'posint' } }], typemod: -1 } };
  for (const [what, make, undo, change, part] of [
    [
      'a function that fits better',
      evil('lower(varchar)'),
      'DROP FUNCTION lower(varchar)',
      { sql: "SELECT lower('A'::varchar)", statement: statementOf({ functions: ['lower'] }) },
      'function lower(character varying)',
    ],
    [
      'a function of a row, written as a column',
      evil('secret(customers)'),
      'DROP FUNCTION secret(customers)',
      {
        sql: 'SELECT c.secret FROM customers c',
        statement: statementOf({ columns: ['c.secret'], relations: [relation('customers')] }),
      },
      'function secret(customers)',
    ],
    [
      'an operator',
      `${evil('less(text, varchar)', 'boolean')}; CREATE OPERATOR <<< (LEFTARG = text, RIGHTARG = varchar, FUNCTION = less)`,
      'DROP OPERATOR <<< (text, varchar); DROP FUNCTION less(text, varchar)',
      { sql: "SELECT 'a'::text <<< 'b'::varchar", statement: statementOf({ operators: ['<<<'] }) },
      'operator <<<(text,character varying)',
    ],
    [
      'an operator that IN and CASE imply',
      `${evil('same(text, varchar)', 'boolean')}; CREATE OPERATOR = (LEFTARG = text, RIGHTARG = varchar, FUNCTION = same)`,
      'DROP OPERATOR = (text, varchar); DROP FUNCTION same(text, varchar)',
      { sql: "SELECT 'a'::text IN ('b'::varchar)" },
      'operator =(text,character varying)',
    ],
    [
      'a cast of a row',
      `${evil('as_text(customers)')}; CREATE CAST (customers AS text) WITH FUNCTION as_text(customers) AS IMPLICIT`,
      'DROP CAST (customers AS text); DROP FUNCTION as_text(customers)',
      read('SELECT lower(c) FROM customers c', 'customers'),
      'cast (customers AS text)',
    ],
    [
      'a type that checks',
      `${evil('fine(integer)', 'boolean')}; CREATE DOMAIN posint AS integer CHECK (fine(VALUE))`,
      'DROP DOMAIN posint; DROP FUNCTION fine(integer)',
      {
        sql: 'SELECT 1::posint',
        statement: statementOf({ tree: { SelectStmt: { targetList: [{ TypeCast: CAST }] } } }),
      },
      'type posint',
    ],
  ] as const)
    test(`${what} is found before anything is planned or asked`, async () => {
      const proceed = () => Promise.reject(new Error('asked'));
      await between(make, undo, async () => {
        const failure = await at().refusal(await reader(), { ...change, proceed });
        assert.deepEqual(failure, { code: 'shadowed', part });
      });
    });

  test('a function that fits better and is made after the question spoils the run', async () => {
    const statement = statementOf({ functions: ['lower'] });
    const proceed = meanwhile(evil('lower(varchar)'));
    const failure = await at().refusal(await reader(), {
      sql: "SELECT lower('A'::varchar)",
      statement,
      proceed,
    });
    await at().superuser.query('DROP FUNCTION lower(varchar)');
    assert.deepEqual(failure, { code: 'definition_changed' });
  });

  test('what an extension brings, or what no name of the statement fits, does not matter', async () => {
    await between(
      `CREATE EXTENSION citext; ${evil('harmless(integer)')}`,
      'DROP FUNCTION harmless(integer); DROP EXTENSION citext',
      async () => {
        const statement = statementOf({ functions: ['replace', 'strpos'], operators: ['='] });
        const { rows } = await at().run(await reader(), {
          sql: "SELECT replace('abc', 'b', ''), 1 = 1",
          statement,
        });
        assert.deepEqual(rows, [['ac', 't']]);
      },
    );
  });
};
