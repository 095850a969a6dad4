import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { pathToFileURL } from 'node:url';

const dir = mkdtempSync(join(tmpdir(), 'latchkey-run-tests-'));
after(() => rmSync(dir, { recursive: true }));

const RUNNER = pathToFileURL(join(import.meta.dirname, '../../bin/run-tests.ts')).href;
const GOOD = `import { test } from 'node:test'; test('one', () => {});`;

/** Runs these files as `npm test` would, in a process of its own. */
const outcomeOf = (
  texts: readonly string[],
  { together = false, runTimeoutMs = 20_000 } = {},
): { passed: boolean; output: string } => {
  const files = texts.map((text, index) => {
    const file = join(dir, `${index}.test.mjs`);
    writeFileSync(file, text);
    return file;
  });
  const script = join(dir, 'run.mjs');
  writeFileSync(
    script,
    `import { runTests } from ${JSON.stringify(RUNNER)};
    const passed = await runTests({ files: ${JSON.stringify(together ? [files] : files)}, concurrency: 2, testTimeoutMs: 1_000, runTimeoutMs: ${runTimeoutMs} });
    process.exitCode = passed ? 0 : 1;`,
  );
  const { NODE_TEST_CONTEXT: _, ...env } = process.env;
  const { status, stdout, stderr } = spawnSync(process.execPath, [script], { env, encoding: 'utf8' });
  return { passed: status === 0, output: stdout + stderr };
};

test('files in which every test ran and passed have passed, and the closing lines count them', () => {
  const { passed, output } = outcomeOf([GOOD, GOOD.replace('one', 'two')]);
  assert.ok(passed, output);
  assert.match(output, /tests 2\n.*pass 2\n.*fail 0\n/s);
});

for (const [what, text, named] of [
  ['a test fails', `test('bad', () => { throw new Error('as told'); });`, 'as told'],
  ['a test is skipped', `test('bad', { skip: true }, () => {});`, 'skipped: bad'],
  ['a test skips itself', `test('bad', (t) => t.skip(''));`, 'skipped: bad'],
  ['a suite is skipped', `describe.skip('bad', () => { test('inside', () => {}); });`, 'skipped: bad'],
  ['a test is left for later', `test.todo('bad');`, 'left for later: bad'],
  ['a failing test is left for later', `test('bad', { todo: true }, () => { throw 1; });`, 'bad'],
  ['a test is preferred over others', `test.only('bad', () => {});`, 'preferred over others'],
  ['a test hangs', `test('bad', () => new Promise(() => setInterval(() => {}, 1000)));`, 'timed out'],
  ['a file does not end', `test('bad', () => void setInterval(() => {}, 1000));`, 'still open: .*Timeout'],
  [
    'a file does not end when asked',
    `process.on('SIGTERM', () => {}); setInterval(() => {}, 1000);`,
    'still open: .*Timeout',
  ],
  [
    'a file waits for ever',
    `setInterval(() => {}, 1000); await new Promise(() => {});`,
    'still open: .*Timeout',
  ],
  ['a file cannot be read', `import './not-there.mjs';`, 'not-there.mjs'],
] as const)
  test(`a run has not passed when ${what}`, () => {
    const { passed, output } = outcomeOf([
      GOOD,
      `import { describe, test } from 'node:test'; test('two', () => {});\n${text}`,
    ]);
    assert.equal(passed, false);
    assert.match(output, new RegExp(named));
  });

test('a run has not passed when a file has no test, or when there is no file', () => {
  assert.match(outcomeOf([GOOD, 'export {};']).output, /no test in it: .*1\.test\.mjs/);
  assert.equal(outcomeOf([GOOD, 'export {};']).passed, false);
  assert.equal(outcomeOf([]).passed, false);
});

test('a run has not passed when all of it takes longer than it may', () => {
  const { passed, output } = outcomeOf([GOOD, `setInterval(() => {}, 1000);`], { runTimeoutMs: 700 });
  assert.equal(passed, false);
  assert.match(output, /took too long/);
});

test('a file is waited for while tests of it run, one within another and one after another', () => {
  const { passed, output } = outcomeOf([
    `import { test } from 'node:test';
    const pause = () => new Promise((resolve) => setTimeout(resolve, 800));
    test('outer', async (t) => { await t.test('inner', () => {}); await pause(); });
    test('next', pause);`,
  ]);
  assert.ok(passed, output);
});

test('files that share a process are each looked at like any other', () => {
  const fine = outcomeOf([GOOD, GOOD.replace('one', 'two')], { together: true });
  assert.ok(fine.passed, fine.output);
  assert.match(fine.output, /tests 2\n.*pass 2\n.*fail 0\n/s);
  for (const [text, named] of [
    [GOOD.replace('() => {}', '() => { throw new Error("as told"); }'), /as told/],
    [GOOD.replace('() => {}', '(t) => t.skip("")'), /skipped: one .*1\.test\.mjs/],
    [GOOD.replace('test(', 'test.only('), /preferred over others by `only`: in .*1\.test\.mjs/],
    ['export {};', /no test in it: .*1\.test\.mjs/],
    ["import './not-there.mjs';", /not-there\.mjs/],
  ] as const) {
    const { passed, output } = outcomeOf([GOOD.replace('one', 'two'), text], { together: true });
    assert.equal(passed, false);
    assert.match(output, named);
  }
});
