import assert from 'node:assert/strict';
import { PassThrough } from 'node:stream';
import { text } from 'node:stream/consumers';
import { after, before, beforeEach, test } from 'node:test';
import { type ReplaySource, type Scene, scenesOf } from '../../bin/audit-replay.ts';
import { PAUSE_MAX_MS, playScenes } from '../../bin/play-scenes.ts';
import { replay } from '../../bin/replay-task.ts';
import { endTask } from '../../lambdas/app/end-task.ts';
import { executeRun } from '../../lambdas/app/execute-run.ts';
import { requestRun } from '../../lambdas/app/request-run.ts';
import type { AuditEntry } from '../../lambdas/core/audit/entry.ts';
import { type App, startApp } from '../support/app.ts';
import { CALLER, RESOURCE } from '../support/facts.ts';
import { EXECUTED } from '../support/remembered-statements.ts';
import { runCommand } from '../support/run-command.ts';
import { PLACES, startVaultStage } from '../support/vault-stage.ts';

const ESCAPE = '\u001b]0;owned\u0007';
const BIDI = '\u202e';
const SQL = `SELECT name\nFROM customers WHERE name <> '\u0085${BIDI}'\nAND name <> $1`;
const PARAM = `x${ESCAPE}\n2026-01-01T00:00:00.000Z  somebody else did it`;
const NOTICE = 'a notice\n2026-01-01T00:00:00.000Z  nobody did it';
const ASK = { speed: undefined, pauses: true, json: false };

let app: App;
let task: string;
let grantId: string;
let source: ReplaySource;

before(async () => {
  app = await startApp();
  app.deps.resources = [{ ...RESOURCE, sensitive: [] }];
});
after(() => app.tables.close());

/** One task with one statement that was executed, five seconds after it was asked for, and one that was refused. */
beforeEach(async () => {
  const rows = [['Ada'], [`Bo\n${ESCAPE}${BIDI}`]];
  app.statements.control.outcome = { ok: true, value: { ...EXECUTED, rows, notices: [NOTICE] } };
  task = await app.newTask({ name: `a task ${BIDI}` });
  app.time.now += 60_000;
  grantId = await app.newActive(task, { action: 'postgres:read' });
  const run = await ask(SQL, [PARAM]);
  app.time.now += 5_000;
  await executeRun(app.deps, run, app.context);
  await refuse('DROP TABLE customers');
  source = { store: app.deps.store, vaults: app.deps.vaults };
});

/** Nobody proves a death here, so waiting for one must come to its end. */
const passTime = async (): Promise<void> => {
  app.time.now += 20_000;
};

const request = (sql: string, params: readonly string[]) =>
  requestRun(app.deps, CALLER, {
    grantId,
    request: { sql, params, maxRows: 100 },
    idempotencyKey: undefined,
  });

const ask = async (sql: string, params: readonly string[]): Promise<string> => {
  const asked = await request(sql, params);
  assert.ok(asked.ok && asked.value.kind === 'run', JSON.stringify(asked));
  return asked.value.run.id;
};

const refuse = async (sql: string): Promise<void> => {
  const asked = await request(sql, []);
  assert.ok(asked.ok && asked.value.kind === 'refused', JSON.stringify(asked));
};

const played = async (change: Partial<Parameters<typeof replay>[1]> = {}): Promise<string> => {
  const output = new PassThrough();
  await replay(output, { ...ASK, task, ...change }, source);
  output.end();
  return text(output);
};

interface Line extends Omit<Scene, 'entry'> {
  readonly event: AuditEntry['event'];
}

/** Lines of an answer of `--json`, as a program reads them. */
const json = async (): Promise<Line[]> =>
  (await played({ json: true }))
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line));

test('what was asked, decided, executed and returned is played in order, each scene with its time', async () => {
  const scenes = (await played()).split('\n').filter((line) => /^\d{4}-\d\d-\d\dT[\d:.]{12}Z {2}/.test(line));
  const order = [
    /opens the task/,
    /asks for postgres:read on orders-db/,
    /grant\.activating/,
    /makes the grant active/,
    /runs a statement: select/,
    /the statement is executed/,
    /the statement ends: done/,
    /is refused a statement by its form/,
  ];
  assert.equal(scenes.length, order.length);
  for (const [index, says] of order.entries()) assert.match(scenes[index] ?? '', says);
});

test('entries of a chain stay in their order when a clock goes back', async () => {
  app.time.now -= 3_000;
  await refuse('DROP TABLE orders');
  await endTask({ ...app.deps, sleep: passTime }, CALLER, task);
  for (const chain of [task, grantId]) {
    const seqs = (await scenesOf(source, task))
      .filter(({ entry }) => entry.chain === chain)
      .map(({ entry }) => entry.seq);
    assert.deepEqual(
      seqs,
      seqs.toSorted((a, b) => a - b),
    );
  }
});

test('the statement is shown as it was asked, and the answer as it was given', async () => {
  const out = await played();
  assert.match(out, /^ {4}SELECT name\n {4}FROM customers WHERE name/m);
  assert.match(out, /^ {4}\$1 = x/m);
  assert.match(out, /^ {4}Ada\n/m);
});

test('nothing that a caller or a database wrote commands the terminal, or looks like a scene', async () => {
  const out = await played();
  assert.doesNotMatch(out.replaceAll('\n', ''), /[\p{Cc}\p{Cf}]/u);
  assert.doesNotMatch(out, /^2026-01-01/m);
  for (const says of [/somebody else did it/, /nobody did it/]) assert.match(out, says);
});

test('each line of JSON is one scene, with the entry as it stands in the trail and what is kept beside it', async () => {
  const lines = await json();
  assert.deepEqual(
    lines,
    (await scenesOf(source, task)).map(({ entry, ...kept }) => {
      const { at, chain, seq, hash, event } = entry;
      return { at, chain, seq, hash, event, ...kept };
    }),
  );
  const [asked] = lines.filter(({ event }) => event.type === 'run.requested');
  assert.deepEqual(asked?.asked, { sql: SQL, params: [PARAM] });
  const [ended] = lines.filter(({ event }) => event.type === 'run.ended');
  assert.deepEqual(ended?.result?.rows[0], ['Ada']);
});

test('a line of JSON holds no character that commands a terminal', async () => {
  assert.doesNotMatch((await played({ json: true })).replaceAll('\n', ''), /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u);
});

test('what was erased is told to be, and the rest is played', async () => {
  app.vaulted.keys.set(task, { state: 'erased', erasedAt: app.time.now });
  const out = await played();
  assert.equal(out.match(/erased, or past its retention/g)?.length, 2);
  assert.doesNotMatch(out, /FROM customers|Ada/);
  assert.match(out, /the statement ends: done/);
  assert.deepEqual(
    (await json()).filter(({ erased }) => erased).map(({ event }) => event.type),
    ['run.requested', 'run.ended'],
  );
});

test('what was exchanged for something else is an error and no scene', async () => {
  for (const [path, sealed] of app.vaulted.objects)
    if (path.startsWith(task)) app.vaulted.objects.set(path, sealed.with(-1, (sealed.at(-1) ?? 0) ^ 1));
  await assert.rejects(played(), /what is kept of it is not what the trail says/);
});

test('pauses are those that were, divided by the speed; long ones are told and cut', async () => {
  const pauses: number[] = [];
  const output = new PassThrough();
  const pause = async (milliseconds: number) => void pauses.push(milliseconds);
  await playScenes(output, await scenesOf(source, task), { speed: 2, pause });
  output.end();
  assert.match(await text(output), /… 60 s pass/);
  assert.deepEqual(
    pauses.filter((length) => length > 0),
    [PAUSE_MAX_MS, 2_500],
  );
});

test('where nobody looks there are no pauses', async () => {
  const startedAt = performance.now();
  await played();
  assert.ok(performance.now() - startedAt < 4_000);
});

test('a wrong call says what is wrong, and plays nothing', async () => {
  await assert.rejects(played({ task: grantId }), /is not the id of a task/);
  await assert.rejects(played({ task: `t_${'0'.repeat(20)}` }), /there is no such task/);
  for (const speed of ['0', '-1', 'fast', 'Infinity'])
    await assert.rejects(played({ speed }), /is not a number above 0/);
});

test('the command reads a deployment’s places with the credentials of whoever runs it', async () => {
  const stage = await startVaultStage();
  const places = [PLACES.grants, PLACES.audit, PLACES.keys, PLACES.bucket];
  const flags = ['--grants-table', '--audit-table', '--keys-table', '--bucket'];
  const named = flags.flatMap((flag, index) => [flag, places[index] ?? '']);
  const audit = (...args: string[]) =>
    runCommand(['bin/audit.ts', 'replay', ...args], stage.environmentOf('operator'));
  try {
    const none = await audit(`t_${'0'.repeat(20)}`, ...named, '--json');
    assert.deepEqual([none.code, none.out], [1, '']);
    assert.match(none.err, /there is no such task/);
    assert.match((await audit(...named)).err, /name the task/);
    assert.match((await audit(task)).err, /--grants-table: name it/);
  } finally {
    await stage.close();
  }
});
