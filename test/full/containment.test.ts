import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { after, before, test } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { Client } from 'pg';
import { CONTAINMENT_PASS_GAP_MS, CONTAINMENT_QUIET_SECONDS } from '../../lambdas/core/containment/limits.ts';
import { GRANTS_PER_TASK_MAX, SECOND_MS } from '../../lambdas/core/limits.ts';
import { ContainmentView } from '../../lambdas/http/containment-schemas.ts';
import { PostgresCredentialView } from '../../lambdas/http/credential-schemas.ts';
import { GrantView } from '../../lambdas/http/schemas.ts';
import { idOf, newTask, readGrant, requestAccess, until, vend } from '../e2e/asks.ts';
import { type Caller, type RunningStack, runStack } from '../e2e/running-stack.ts';

const GRANTS = 100;
const SESSIONS = 10;

let running: RunningStack;
let crew: Caller;
const clients: Client[] = [];
before(async () => {
  running = await runStack();
  crew = await running.caller('sales-crew');
});
after(async () => {
  for (const client of clients) await client.end().catch(() => undefined);
  await running.remove();
});

/** Active, each with a role of its own at the database. */
const manyGrants = async (): Promise<string[]> => {
  const grants: string[] = [];
  for (let made = 0; made < GRANTS; made += GRANTS_PER_TASK_MAX) {
    const task = await newTask(crew);
    for (let held = 0; held < GRANTS_PER_TASK_MAX; held += 10) {
      const asked = Array.from({ length: 10 }, () => crew.ask(requestAccess(task)));
      for (const answer of await Promise.all(asked)) grants.push(idOf(answer));
    }
  }
  return grants;
};

const openSession = async (grant: string): Promise<{ readonly cut: Promise<unknown> }> => {
  const { host, port, database, user, password, sslrootcert } = PostgresCredentialView.parse(
    (await crew.ask(vend(grant))).json,
  ).postgres;
  const client = new Client({ host, port, database, user, password, ssl: { ca: sslrootcert } });
  const cut = new Promise((resolve) => client.once('error', resolve));
  client.on('error', () => undefined);
  await client.connect();
  await client.query('BEGIN');
  clients.push(client);
  return { cut };
};

/** Of grants, at the database itself. */
const rolesLeft = async (): Promise<number> => {
  const client = await running.stack().postgres.asSuperuser('orders');
  try {
    const found = await client.query("SELECT 1 FROM pg_roles WHERE starts_with(rolname, 'lk_')");
    return found.rows.length;
  } finally {
    await client.end();
  }
};

/** The command as it stands in a pipe, until it ends by itself. */
const watch = (token: string) => {
  const child = spawn(process.execPath, ['bin/contain.ts', 'everything', '--why', 'a leak'], {
    env: { PATH: process.env.PATH, LATCHKEY_URL: running.stack().baseUrl, LATCHKEY_TOKEN: token },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  return Promise.all([text(child.stdout), text(child.stderr), once(child, 'close')]);
};

test('a stop of everything ends a hundred grants, owes nothing, and the command shows it until it has settled', async () => {
  const grants = await manyGrants();
  assert.equal(grants.length, GRANTS);
  const sessions = await Promise.all(grants.slice(0, SESSIONS).map(openSession));
  const startedAt = Date.now();
  const command = watch((await running.person('ana.silva')).token);
  await Promise.all(sessions.map(({ cut }) => cut));
  const cutAfterMs = Date.now() - startedAt;
  assert.ok(cutAfterMs < 60_000, `cut after ${cutAfterMs} ms`);
  await until(async () => {
    await running.stack().sweep();
    return (await rolesLeft()) === 0 ? true : undefined;
  }, 120);
  await pause(Math.max(0, startedAt + (CONTAINMENT_QUIET_SECONDS + 2) * SECOND_MS - Date.now()));
  for (let passes = 0; passes < 3; passes += 1) {
    await running.stack().sweep();
    await pause(CONTAINMENT_PASS_GAP_MS + 500);
  }
  const [out, err, [code]] = await command;
  assert.deepEqual([code, err], [0, '']);
  assert.match(out, /^s_\w+: everything is stopped\. Every use within is refused from now on\.\n/);
  assert.match(out, /\nholding: [^\n]*; \d+ still being ended\n(?:g_\w+\t(?:open|pending)\t\d+\t[^\n]*\n)+/);
  assert.match(out, /\nsettled: [^\n]*; 0 still being ended\nSettled: two passes have found nothing left\./);
  assert.ok(!out.includes('\u001b'), 'no colours in a pipe');
  for (const grant of grants) {
    const { state, cause, ending } = GrantView.parse((await crew.ask(readGrant(grant))).json);
    assert.deepEqual([state, cause, ending?.status], ['revoked', 'contained', 'dead']);
  }
  const [id = ''] = out.split(':');
  const jonas = await running.person('jonas.weber');
  const { state, stillEnding } = ContainmentView.parse(
    (await jonas.ask({ method: 'GET', path: `/v1/containments/${id}` })).json,
  );
  assert.deepEqual([state, stillEnding?.count], ['settled', 0]);
  assert.deepEqual((await running.verifyTrail()).flaws, []);
  assert.deepEqual(running.refusals(), []);
});
