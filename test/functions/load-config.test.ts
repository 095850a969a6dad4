import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, beforeEach, test } from 'node:test';
import { loadConfig } from '../../lambdas/functions/load-config.ts';

const directory = mkdtempSync(join(tmpdir(), 'latchkey-config-'));
after(() => rmSync(directory, { recursive: true }));

const CONFIG = { digest: 'd', issuers: [], principals: [] };
const write = (text: string) => writeFileSync(join(directory, 'config.json'), text);

beforeEach(() => {
  process.env.LAMBDA_TASK_ROOT = directory;
  write(JSON.stringify(CONFIG));
});

test('a function reads the configuration beside its code', () => {
  assert.deepEqual(loadConfig('authorizer'), CONFIG);
});

test('a part that is missing stops the function at its start', () => {
  const { principals: _, ...rest } = CONFIG;
  write(JSON.stringify(rest));
  assert.throws(() => loadConfig('authorizer'), /lacks principals/);
});

test('a file that is missing, cut or no object stops the function at its start', () => {
  for (const text of ['', '{"digest"', 'null', '[]', '"text"', JSON.stringify({ __proto__: CONFIG })]) {
    write(text);
    assert.throws(() => loadConfig('authorizer'), text);
  }
  process.env.LAMBDA_TASK_ROOT = join(directory, 'nowhere');
  assert.throws(() => loadConfig('authorizer'), { code: 'ENOENT' });
  delete process.env.LAMBDA_TASK_ROOT;
  assert.throws(() => loadConfig('authorizer'), /LAMBDA_TASK_ROOT/);
});
