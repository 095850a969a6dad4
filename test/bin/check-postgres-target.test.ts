import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { checkPostgresTarget } from '../../bin/check-postgres-target.ts';
import { connect, type Session } from '../../lambdas/adapters/postgres/session.ts';
import { SENSITIVE_RESOURCE } from '../support/facts.ts';
import { type GrantedRoles, startGrantedRoles } from '../support/granted-roles.ts';

let roles: GrantedRoles;
let session: Session;
before(async () => {
  roles = await startGrantedRoles();
  const { resource, database } = roles;
  session = await connect({
    resource,
    user: 'latchkey_admin',
    database: 'orders',
    signOwn: database.signOwn,
  });
});
after(async () => {
  await session.close();
  await roles.stop();
});

/** What is not as it should be, with its mend. */
const lacks = async (target: object = {}): Promise<Record<string, string | undefined>> => {
  const { resource } = roles;
  return lackingIn({ ...resource, target: { ...resource.target, ...target } });
};

const lackingIn = async (
  resource: Parameters<typeof checkPostgresTarget>[1],
): Promise<Record<string, string | undefined>> => {
  const checks = await checkPostgresTarget(session, resource);
  return Object.fromEntries(checks.filter(({ ok }) => !ok).map(({ item, mend }) => [item, mend]));
};

test('a target on which the file was applied lacks nothing, also while grants are in use', async () => {
  await (await roles.open()).logIn();
  assert.deepEqual(await lacks(), {});
});

const WRONGS: readonly {
  readonly wrong: string;
  readonly right: string;
  readonly item: RegExp;
  readonly mend: RegExp;
}[] = [
  {
    wrong: 'ALTER ROLE latchkey_admin CREATEDB',
    right: 'ALTER ROLE latchkey_admin NOCREATEDB',
    item: /makes roles and is nothing else/,
    mend: /CREATEROLE/,
  },
  {
    wrong: 'GRANT rds_iam TO latchkey_admin WITH INHERIT FALSE GRANTED BY dbmaster',
    right: 'GRANT rds_iam TO latchkey_admin WITH INHERIT TRUE GRANTED BY dbmaster',
    item: /logs in by token/,
    mend: /^GRANT rds_iam TO latchkey_admin WITH ADMIN TRUE, INHERIT TRUE, SET FALSE;$/,
  },
  {
    wrong: 'REVOKE pg_signal_backend FROM latchkey_admin GRANTED BY dbmaster',
    right: 'GRANT pg_signal_backend TO latchkey_admin WITH SET FALSE GRANTED BY dbmaster',
    item: /may end sessions/,
    mend: /^GRANT pg_signal_backend/,
  },
  {
    wrong: 'GRANT orders_app TO latchkey_admin WITH INHERIT TRUE GRANTED BY dbmaster',
    right: 'GRANT orders_app TO latchkey_admin WITH INHERIT FALSE GRANTED BY dbmaster',
    item: /hand on the template/,
    mend: /^GRANT orders_app/,
  },
  {
    wrong: 'REVOKE ADMIN OPTION FOR orders_owner FROM latchkey_admin GRANTED BY dbmaster',
    right: 'GRANT orders_owner TO latchkey_admin WITH ADMIN TRUE GRANTED BY dbmaster',
    item: /hand on the heir/,
    mend: /^GRANT orders_owner/,
  },
  {
    wrong: 'ALTER ROLE orders_app LOGIN',
    right: 'ALTER ROLE orders_app NOLOGIN',
    item: /the template exists/,
    mend: /NOLOGIN/,
  },
  {
    wrong: 'ALTER TABLE customers OWNER TO orders_app',
    right: 'ALTER TABLE customers OWNER TO dbmaster',
    item: /template owns nothing/,
    mend: /in orders to/,
  },
  {
    wrong: 'GRANT pg_read_server_files TO orders_app',
    right: 'REVOKE pg_read_server_files FROM orders_app',
    item: /does not reach beyond/,
    mend: /pg_read_server_files/,
  },
  {
    wrong: 'GRANT SELECT ON customers TO orders_owner',
    right: 'REVOKE SELECT ON customers FROM orders_owner',
    item: /heir has no rights/,
    mend: /public\.customers/,
  },
  {
    wrong: 'REVOKE CREATE ON SCHEMA public FROM orders_owner',
    right: 'GRANT CREATE ON SCHEMA public TO orders_owner',
    item: /create wherever/,
    mend: /^GRANT USAGE, CREATE ON SCHEMA public TO orders_owner;$/,
  },
  {
    wrong: 'GRANT CREATE ON DATABASE orders TO orders_app',
    right: 'REVOKE CREATE ON DATABASE orders FROM orders_app',
    item: /create schemas/,
    mend: /^GRANT CREATE ON DATABASE orders/,
  },
  {
    wrong: 'GRANT CONNECT ON DATABASE billing TO PUBLIC',
    right: 'REVOKE CONNECT ON DATABASE billing FROM PUBLIC',
    item: /not everybody may connect/,
    mend: /billing/,
  },
  {
    wrong: 'ALTER DATABASE orders CONNECTION LIMIT -1',
    right: 'ALTER DATABASE orders CONNECTION LIMIT 35',
    item: /every connection/,
    mend: /^ALTER DATABASE orders CONNECTION LIMIT/,
  },
  {
    wrong: 'ALTER DATABASE orders CONNECTION LIMIT 71',
    right: 'ALTER DATABASE orders CONNECTION LIMIT 35',
    item: /every connection/,
    mend: /30 below max_connections/,
  },
  {
    wrong: 'GRANT CONNECT ON DATABASE billing TO orders_app',
    right: 'REVOKE CONNECT ON DATABASE billing FROM orders_app',
    item: /and to no other/,
    mend: /billing/,
  },
  {
    wrong: 'REVOKE CONNECT ON DATABASE postgres FROM latchkey_admin',
    right: 'GRANT CONNECT ON DATABASE postgres TO latchkey_admin',
    item: /administrator may connect/,
    mend: /^GRANT CONNECT ON DATABASE postgres/,
  },
  {
    wrong: 'CREATE ROLE lk_by_hand',
    right: 'DROP ROLE lk_by_hand',
    item: /begins with lk_/,
    mend: /lk_by_hand/,
  },
];

test('each thing that is wrong is found, alone, and said how to mend', async () => {
  for (const { wrong, right, item, mend } of WRONGS) {
    await roles.look(wrong);
    const found = Object.entries(await lacks());
    await roles.look(right);
    assert.equal(found.length, 1, `${wrong}: ${JSON.stringify(found)}`);
    assert.match(found[0]?.[0] ?? '', item);
    assert.match(found[0]?.[1] ?? '', mend);
  }
  assert.deepEqual(await lacks(), {});
});

test('roles that do not exist are found missing', async () => {
  const found = Object.keys(await lacks({ templateRole: 'nowhere', objectOwner: 'Not"there' }));
  for (const item of [/template exists/, /heir exists/, /hand on the template/, /hand on the heir/])
    assert.ok(
      found.some((one) => item.test(one)),
      String(item),
    );
});

test('agents are told to stay out of the database of the administrator', async () => {
  assert.match(Object.keys(await lacks({ database: 'postgres' })).join(), /keeps its locks/);
});

test('a target with masks, runs and DDL lacks nothing either, where the file was applied', async () => {
  assert.deepEqual(await lackingIn(SENSITIVE_RESOURCE), {});
});

test('what lets the masked template, or a role of runs, do too much is found, and its mend mends it', async () => {
  for (const [wrong, item, mend] of [
    [
      'GRANT SELECT ON customers TO orders_app_masked',
      /cannot reach a sensitive column/,
      'REVOKE SELECT ON public.customers FROM orders_app_masked; GRANT SELECT (id, name, country) ON public.customers TO orders_app_masked;',
    ],
    [
      'GRANT SELECT (email) ON customers TO PUBLIC',
      /cannot reach a sensitive column/,
      'REVOKE SELECT ON public.customers FROM PUBLIC, orders_app_masked; GRANT SELECT (id, name, country) ON public.customers TO orders_app_masked;',
    ],
    [
      'CREATE VIEW contacts AS SELECT id, email FROM customers; GRANT SELECT ON contacts TO PUBLIC',
      /cannot reach a sensitive column/,
      'REVOKE ALL ON public.contacts FROM PUBLIC;',
    ],
    [
      'CREATE FUNCTION mails() RETURNS text SECURITY DEFINER LANGUAGE sql RETURN (SELECT max(email) FROM public.customers)',
      /cannot reach a sensitive column/,
      'REVOKE EXECUTE ON FUNCTION public.mails() FROM PUBLIC;',
    ],
    [
      'GRANT UPDATE (name) ON customers TO orders_reader',
      /role of reads may read, and nothing else/,
      'REVOKE INSERT, UPDATE, DELETE, TRUNCATE ON public.customers FROM orders_reader;',
    ],
    [
      'REVOKE ADMIN OPTION FOR orders_writer FROM latchkey_admin GRANTED BY dbmaster',
      /hand on the role of writes/,
      'GRANT orders_writer TO latchkey_admin WITH ADMIN TRUE, INHERIT FALSE, SET FALSE;',
    ],
  ] as const) {
    await roles.run(wrong);
    const found = Object.entries(await lackingIn(SENSITIVE_RESOURCE));
    assert.equal(found.length, 1, `${wrong}: ${JSON.stringify(found)}`);
    assert.match(found[0]?.[0] ?? '', item);
    assert.equal(found[0]?.[1], mend);
    await roles.run(mend);
    assert.deepEqual(await lackingIn(SENSITIVE_RESOURCE), {}, mend);
  }
});

test('a sensitive column that the target does not have is found, masked template or not', async () => {
  const [email] = SENSITIVE_RESOURCE.sensitive;
  assert.ok(email);
  const resource = { ...SENSITIVE_RESOURCE, sensitive: [{ ...email, column: 'e_mail' }] };
  for (const maskedTemplateRole of ['orders_app_masked', undefined]) {
    const found = await lackingIn({ ...resource, target: { ...resource.target, maskedTemplateRole } });
    assert.deepEqual(found, {
      'every sensitive column exists':
        'public.customers.e_mail is not in orders: mend "sensitive" in resources.yaml.',
    });
  }
});
