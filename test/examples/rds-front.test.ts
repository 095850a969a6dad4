import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createConnection, type Socket } from 'node:net';
import { after, before, test } from 'node:test';
import { connect as connectTls } from 'node:tls';
import { type GrantedRoles, startGrantedRoles } from '../support/granted-roles.ts';

let roles: GrantedRoles;
before(async () => {
  roles = await startGrantedRoles();
});
after(() => roles.stop());

const SSL_REQUEST = 80877103;
const CANCEL_REQUEST = 80877102;
const PROTOCOL_3 = 3 << 16;

/** A message without a type byte: length, number, and what follows. */
const startup = (number: number, ...parts: (string | number)[]): Buffer => {
  const body = parts.map((part) => {
    if (typeof part === 'string') return Buffer.from(`${part}\0`);
    const bytes = Buffer.alloc(4);
    bytes.writeInt32BE(part);
    return bytes;
  });
  const head = Buffer.alloc(8);
  head.writeInt32BE(8 + Buffer.concat(body).length, 0);
  head.writeInt32BE(number, 4);
  return Buffer.concat([head, ...body]);
};

const open = async (): Promise<Socket> => {
  const socket = createConnection(roles.resource.target.port, '127.0.0.1');
  await once(socket, 'connect');
  return socket;
};

const openTls = async (): Promise<Socket> => {
  const socket = await open();
  socket.write(startup(SSL_REQUEST));
  assert.equal(String((await once(socket, 'data'))[0]), 'S');
  const secure = connectTls({ socket, ca: roles.resource.target.caPem, servername: 'localhost' });
  await once(secure, 'secureConnect');
  return secure;
};

/** All that is answered until the server hangs up. */
const answered = async (socket: Socket): Promise<string> => {
  const chunks: Buffer[] = [];
  for await (const chunk of socket) chunks.push(chunk);
  return Buffer.concat(chunks).toString('latin1');
};

const userParameters = (user: string) => ['user', user, 'database', 'orders', ''];

test('without TLS nothing is asked and nobody is let in', async () => {
  const socket = await open();
  socket.write(startup(PROTOCOL_3, ...userParameters('latchkey_admin')));
  assert.match(await answered(socket), /C28000\0.*no encryption/);
  await assert.rejects(roles.database.logIn('latchkey_admin', { ssl: false }), { code: '28000' });
});

test('bytes that ride along with the request for TLS are never taken for encrypted ones', async () => {
  const socket = await open();
  socket.write(
    Buffer.concat([startup(SSL_REQUEST), startup(PROTOCOL_3, ...userParameters('latchkey_admin'))]),
  );
  assert.equal(await answered(socket), '');
});

test('replication is not offered', async () => {
  for (const replication of ['true', 'database', 'false']) {
    const socket = await openTls();
    const parameters = ['user', 'latchkey_admin', 'replication', replication, ''];
    socket.write(startup(PROTOCOL_3, ...parameters));
    assert.match(await answered(socket), /C28000\0/);
  }
});

test('a start without a user, of another protocol or of absurd length is refused', async () => {
  const starts = [startup(PROTOCOL_3, ''), startup(2 << 16, ...userParameters('latchkey_admin'))];
  for (const start of starts) {
    const socket = await openTls();
    socket.write(start);
    assert.match(await answered(socket), /C28000\0/);
  }
  for (const length of [0, 7, 10_001, -1]) {
    const socket = await openTls();
    const head = startup(PROTOCOL_3);
    head.writeInt32BE(length, 0);
    socket.write(head);
    assert.equal(await answered(socket), '');
  }
});

test('a bad token, a user that does not exist and a user without rds_iam fail alike', async () => {
  const grant = await roles.open();
  await roles.look('CREATE ROLE shop_worker LOGIN');
  const says = (user: string) => ({ code: '28000', message: `PAM authentication failed for user "${user}"` });
  await assert.rejects(grant.logIn({ password: 'password' }), says(grant.user));
  for (const user of ['lk_nobody', 'shop_worker', 'rdsadmin', 'dbmaster', 'postgres'])
    await assert.rejects(roles.database.logIn(user), says(user));
});

test('whoever merely administers a member of rds_iam logs in by no token', async () => {
  const grant = await roles.open();
  await roles.look('CREATE ROLE lk_administers LOGIN');
  await roles.look(`GRANT ${grant.user} TO lk_administers WITH ADMIN TRUE, INHERIT FALSE, SET FALSE`);
  await assert.rejects(roles.database.logIn('lk_administers'), { code: '28000' });
});

test('a good token for a role that may not log in gets the server’s own answer', async () => {
  const grant = await roles.open();
  await roles.look(`ALTER ROLE ${grant.user} NOLOGIN`);
  await assert.rejects(grant.logIn(), {
    code: '28000',
    message: `role "${grant.user}" is not permitted to log in`,
  });
});

test('a request to cancel reaches the server, with its key and with no other', async () => {
  const grant = await roles.open();
  const session = await grant.logIn();
  const keys = session as unknown as { processID: number; secretKey: number };
  const cancel = async (secretKey: number): Promise<void> => {
    const socket = await openTls();
    socket.write(startup(CANCEL_REQUEST, keys.processID, secretKey));
    assert.equal(await answered(socket), '');
  };
  const sleeping = session.query('SELECT pg_sleep(30)');
  const outcome = assert.rejects(sleeping, { code: '57014' });
  const isAsleep = () =>
    roles.look("SELECT FROM pg_stat_activity WHERE usename = $1 AND wait_event = 'PgSleep'", [grant.user]);
  while (!(await isAsleep()));
  await cancel(keys.secretKey ^ 1);
  assert.equal(await Promise.race([sleeping.catch(() => 'cancelled'), 'still asleep']), 'still asleep');
  await cancel(keys.secretKey);
  await outcome;
});

test('a client that hangs up leaves no session behind', async () => {
  const grant = await roles.open();
  const session = await grant.logIn();
  const { stream } = (session as unknown as { connection: { stream: Socket } }).connection;
  stream.destroy();
  const left = () => roles.look('SELECT FROM pg_stat_activity WHERE usename = $1', [grant.user]);
  for (const until = Date.now() + 3_000; (await left()) && Date.now() < until; );
  assert.equal(await left(), undefined);
});
