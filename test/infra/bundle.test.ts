import assert from 'node:assert/strict';
import { cpSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join, resolve } from 'node:path';
import { before, describe, test } from 'node:test';
import { bundleFunctions } from '../../bin/bundle.ts';
import { CONFIG_PARTS, type CompiledConfig } from '../../lambdas/core/config/compiled.ts';
import { FUNCTIONS, ORDERS } from './sample-settings.ts';
import { scratchDir } from './scratch-dir.ts';

const ROOT = resolve(import.meta.dirname, '../..');
const CEDAR = join(ROOT, 'node_modules/@cedar-policy/cedar-wasm/nodejs/cedar_wasm.js');

const CONFIG: CompiledConfig = {
  digest: 'd1',
  issuers: [],
  principals: [],
  resources: [ORDERS],
  policies: [{ id: 'p', reason: undefined, file: 'p.cedar', text: 'permit(principal, action, resource);' }],
  schema: 's',
  groups: ['g'],
  categories: [],
};

const scratch = scratchDir();

/** Entries as small as they can be: one of them reads a `.wasm` beside itself. */
const writeEntries = (): string => {
  const dir = join(scratch, 'entries');
  mkdirSync(dir);
  for (const name of FUNCTIONS)
    writeFileSync(join(dir, `${name}.ts`), `export const handler = (): string => '${name}';`);
  const sweeper = [
    `import { getCedarVersion } from '${CEDAR}';`,
    'export const handler = (): string => getCedarVersion();',
  ];
  writeFileSync(join(dir, 'sweeper.ts'), sweeper.join('\n'));
  writeFileSync(
    join(dir, 'api.ts'),
    'export const handler = (): string | undefined => process.env.LATCHKEY_VERSION;',
  );
  return dir;
};

const entryDir = writeEntries();

/** Every file that is deployed, with its bytes. Source maps name where they were made and stay behind. */
const contentOf = (dir: string): Record<string, string> =>
  Object.fromEntries(
    readdirSync(dir, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile() && !entry.name.endsWith('.map'))
      .map(({ parentPath, name }) => join(parentPath, name))
      .map((file) => [file.slice(dir.length + 1), readFileSync(file).toString('base64')]),
  );

const loaded = (dir: string): { handler: () => unknown } =>
  createRequire(import.meta.url)(join(dir, 'index.cjs'));

describe('the bundles', () => {
  const outDir = join(scratch, 'first');
  before(() => bundleFunctions({ outDir, config: CONFIG, entryDir }));

  test('are one folder for each function, with its code and its part of the configuration', () => {
    for (const name of FUNCTIONS) {
      const config = JSON.parse(readFileSync(join(outDir, name, 'config.json'), 'utf8'));
      assert.deepEqual(Object.keys(config).sort(), [...CONFIG_PARTS[name]].sort());
      assert.equal(config.digest, 'd1');
      assert.ok(readdirSync(join(outDir, name)).includes('index.cjs'));
    }
    assert.deepEqual(readdirSync(outDir).sort(), [...FUNCTIONS, 'maps'].sort());
  });

  test('carry the .wasm file of what they contain, and run without any node_modules', () => {
    const elsewhere = join(scratch, 'elsewhere');
    cpSync(join(outDir, 'sweeper'), elsewhere, { recursive: true });
    assert.ok(readdirSync(elsewhere).includes('cedar_wasm_bg.wasm'));
    assert.match(String(loaded(elsewhere).handler()), /^\d+\.\d+\.\d+$/);
    assert.deepEqual(readdirSync(join(outDir, 'vend')).sort(), ['config.json', 'index.cjs']);
  });

  test('know the version of the software', () => {
    const { version } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'));
    assert.equal(loaded(join(outDir, 'api')).handler(), version);
  });

  test('are the same bytes from the same input, wherever they are made', async () => {
    const again = join(scratch, 'deeper', 'second');
    await bundleFunctions({ outDir: again, config: CONFIG, entryDir });
    assert.deepEqual(contentOf(again), contentOf(outDir));
  });

  test('differ when the configuration does, and only where it is carried', async () => {
    const changed = join(scratch, 'third');
    await bundleFunctions({ outDir: changed, config: { ...CONFIG, schema: 'other' }, entryDir });
    const [now, then] = [contentOf(changed), contentOf(outDir)];
    const different = Object.keys(now).filter((file) => now[file] !== then[file]);
    assert.deepEqual(different.sort(), [
      'api/config.json',
      'console/config.json',
      'containment/config.json',
      'notifier/config.json',
      'runner/config.json',
      'sweeper/config.json',
    ]);
  });

  test('leave nothing of an earlier bundle behind', async () => {
    const stale = join(scratch, 'fourth');
    mkdirSync(join(stale, 'vend'), { recursive: true });
    writeFileSync(join(stale, 'vend', 'old.cjs'), '');
    await bundleFunctions({ outDir: stale, config: CONFIG, entryDir });
    assert.deepEqual(contentOf(stale), contentOf(outDir));
  });
});
