import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { endAccess } from '../../lambdas/app/end-access.ts';
import { vendCredential } from '../../lambdas/app/vend-credential.ts';
import { formatReceipt } from '../../lambdas/core/audit/chain.ts';
import type { Receipt } from '../../lambdas/core/audit/entry.ts';
import { type App, startApp } from '../support/app.ts';
import { CALLER } from '../support/facts.ts';
import { type CommandRun, runCommand } from '../support/run-command.ts';

const directory = mkdtempSync(join(tmpdir(), 'latchkey-audit-'));
const trail = join(directory, 'trail.jsonl');
let app: App;
let receipt: Receipt;
let exported: CommandRun;

const audit = (...args: string[]): Promise<CommandRun> =>
  runCommand(['bin/audit.ts', ...args], {
    AWS_ENDPOINT_URL: process.env.AWS_ENDPOINT_URL_DYNAMODB ?? '',
    AWS_REGION: 'us-east-1',
    AWS_ACCESS_KEY_ID: 'AKIATESTTESTTESTTEST',
    AWS_SECRET_ACCESS_KEY: 'test',
  });

before(async () => {
  app = await startApp();
  const id = await app.newActive(await app.newTask());
  const vended = await vendCredential(app.deps, CALLER, { grantId: id });
  assert.ok(vended.ok);
  receipt = vended.value.receipt;
  await endAccess(app.deps, id, app.context);
  exported = await audit('export', '--grants-table', 'Grants', '--audit-table', 'Audit', '--out', trail);
});
after(async () => {
  await app.tables.close();
  rmSync(directory, { recursive: true, force: true });
});

/** Verifies the export after one thing was done to its lines. */
const verified = async (change: (lines: string[]) => string[], ...args: string[]): Promise<CommandRun> => {
  const file = join(directory, 'changed.jsonl');
  const lines = readFileSync(trail, 'utf8').trimEnd().split('\n');
  writeFileSync(file, `${change(lines).join('\n')}\n`);
  return audit('verify', file, ...args);
};

const indexOf = (lines: string[], word: string): number => lines.findIndex((line) => line.includes(word));

test('an export is the owner’s alone to read and verifies against what was given out', async () => {
  assert.equal(exported.code, 0, exported.err);
  assert.equal(statSync(trail).mode & 0o077, 0);
  const run = await audit('verify', trail, '--receipt', formatReceipt(receipt));
  assert.deepEqual([run.code, run.out], [0, 'intact: 7 entries in 2 chains, 1 receipts\n']);
});

test('changed, deleted, inserted and reordered entries and a cut chain each end with exit code 1 and say where', async () => {
  const issued = '"credential.issued"';
  const cases: [string, (lines: string[]) => string[], RegExp][] = [
    ['changed', (lines) => lines.map((line) => line.replace('"ordinal":1', '"ordinal":2')), /was changed/],
    ['deleted', (lines) => lines.toSpliced(indexOf(lines, issued), 1), /entries before it are missing/],
    [
      'inserted',
      (lines) => lines.toSpliced(indexOf(lines, issued), 0, lines[indexOf(lines, issued)] ?? ''),
      /is there twice/,
    ],
    [
      'reordered',
      (lines) => {
        const at = indexOf(lines, issued);
        return lines.with(at, lines[at + 1] ?? '').with(at + 1, lines[at] ?? '');
      },
      /does not follow/,
    ],
    ['cut', (lines) => lines.filter((line) => !line.includes('ending.proved')), /ends before its head/],
  ];
  for (const [name, change, says] of cases) {
    const run = await verified(change);
    assert.equal(run.code, 1, name);
    assert.match(run.out, says, name);
    assert.match(run.out, /NOT INTACT/, name);
  }
});

test('a chain that ends before a receipt is found, also when its head was cut with it', async () => {
  const without = (lines: string[]) => lines.filter((line) => !line.includes(receipt.chain));
  assert.equal((await verified(without)).code, 0);
  const held = await verified(without, '--receipt', formatReceipt(receipt));
  assert.equal(held.code, 1);
  assert.match(held.out, /ends before a receipt/);
});

test('receipts may stand in a file; what is not one is named', async () => {
  const file = join(directory, 'receipts');
  writeFileSync(file, `${formatReceipt(receipt)}\n\n`);
  assert.equal((await audit('verify', trail, '--receipts', file)).code, 0);
  const wrong = await audit('verify', trail, '--receipt', 'nonsense');
  assert.deepEqual([wrong.code, /nonsense/.test(wrong.err)], [1, true]);
});

test('one chain can be exported alone', async () => {
  const run = await audit(
    'export',
    '--grants-table',
    'Grants',
    '--audit-table',
    'Audit',
    '--chain',
    receipt.chain,
  );
  const chains = new Set(
    run.out
      .trim()
      .split('\n')
      .slice(1)
      .map((line) => JSON.parse(line).chain),
  );
  assert.deepEqual([...chains], [receipt.chain]);
});

const EXPORT = ['export', '--grants-table', 'Grants', '--audit-table', 'Audit'];

test('a wrong call says what is missing', async () => {
  for (const [args, says] of [
    [['verify'], /name the file/],
    [['verify', join(directory, 'none')], /^audit: .*none: cannot be read/],
    [['verify', trail, '--receipts', join(directory, 'none')], /^audit: .*none: cannot be read/],
    [[...EXPORT, '--out', join(directory, 'none', 'trail')], /^audit: .*trail: cannot be written/],
    [[...EXPORT, '--chain', 'g_none'], /g_none: there is no such chain/],
    [['export'], /--grants-table/],
    [['erase'], /--grants-table/],
    [['forget'], /no such verb/],
    [['export', '--oops'], /--oops/],
  ] as const) {
    const run = await audit(...args);
    assert.equal(run.code, 1);
    assert.match(run.err, says);
  }
});
