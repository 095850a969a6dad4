import assert from 'node:assert/strict';
import { lstatSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import type { Mutant } from '../../bin/mutant.ts';
import { copyTree, runMutant, runTestFiles } from '../../bin/run-mutant.ts';

const dir = mkdtempSync(join(tmpdir(), 'latchkey-run-mutant-'));
after(() => rmSync(dir, { recursive: true }));

const PRODUCT = 'export const mayEnter = (isKnown) => isKnown;\n';
writeFileSync(join(dir, 'product.mjs'), PRODUCT);
writeFileSync(
  join(dir, 'door.test.mjs'),
  `import { strictEqual } from 'node:assert'; import { test } from 'node:test'; import { mayEnter } from './product.mjs';
test('a stranger stays outside', () => strictEqual(mayEnter(false), false));
test('no other rule', () => undefined);`,
);

const MUTANT: Mutant = {
  promise: 1,
  rule: 'a stranger stays outside',
  file: 'product.mjs',
  find: '=> isKnown;',
  replace: '=> true;',
  tests: ['door.test.mjs'],
};

const outcomeOf = async (change: Partial<Mutant> = {}) => {
  const { verdict, caughtBy } = await runMutant(dir, { ...MUTANT, ...change });
  assert.equal(readFileSync(join(dir, 'product.mjs'), 'utf8'), PRODUCT, 'the file was not put back');
  return [verdict, caughtBy];
};

test('a mutant that a test notices is caught by that test', async () => {
  assert.deepEqual(await outcomeOf(), ['caught', 'a stranger stays outside']);
});

test('a mutant that no test notices has survived', async () => {
  assert.deepEqual(await outcomeOf({ replace: '=> isKnown === true;' }), ['survived', '']);
});

test('a mutant whose tests are left out by their names has survived', async () => {
  assert.deepEqual(await outcomeOf({ testsNamed: 'no other rule' }), ['survived', '']);
});

test('a mutant whose place is not there is misplaced', async () => {
  assert.deepEqual(await outcomeOf({ find: 'isUnknown' }), ['misplaced', '']);
});

test('tests that never end are ended, and that is not taken for caught', async () => {
  writeFileSync(join(dir, 'hang.test.mjs'), 'setInterval(() => undefined, 1000);');
  const { isComplete } = await runTestFiles(dir, ['hang.test.mjs'], { timeoutMs: 300 });
  assert.equal(isComplete, false);
});

test('what is changed is a copy, without what was made and with the packages linked', () => {
  writeFileSync(join(dir, 'dist'), 'made');
  const copy = copyTree(dir);
  try {
    assert.equal(readFileSync(join(copy, 'product.mjs'), 'utf8'), PRODUCT);
    assert.ok(lstatSync(join(copy, 'node_modules')).isSymbolicLink());
    assert.throws(() => lstatSync(join(copy, 'dist')), { code: 'ENOENT' });
  } finally {
    rmSync(copy, { recursive: true });
  }
});
