import assert from 'node:assert/strict';
import { cpSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { compileConfig } from '../../../lambdas/core/config/compile.ts';
import { VALID } from '../../support/config-text.ts';
import { runCommand } from '../../support/run-command.ts';

const PAGE = readFileSync('docs/policy.md', 'utf8');
const SENTENCES = PAGE.slice(PAGE.indexOf('## Five sentences'), PAGE.indexOf('## See it denied'));
const fences = (text: string, language: string): readonly string[] =>
  [...text.matchAll(new RegExp(`\`\`\`${language}\n(.*?)\`\`\``, 'gs'))].map(([, body]) => body ?? '');

test('each of the five policies compiles and answers what the page says', () => {
  const policies = fences(SENTENCES, 'cedar');
  const examples = fences(SENTENCES, 'yaml');
  assert.deepEqual([policies.length, examples.length], [5, 5]);
  for (const [at, text] of policies.entries()) {
    const result = compileConfig({
      ...VALID,
      policies: [
        ...VALID.policies.filter(({ file }) => file === 'guard-rails.cedar'),
        { file: 'page.cedar', text },
      ],
      examples: `examples:\n${(examples[at] ?? '').replaceAll(/^/gm, '  ')}`,
    });
    assert.deepEqual(result.ok ? [] : result.errors, [], text);
  }
});

test('the guard rail on the page is the one that is shipped', () => {
  const [rail = ''] = fences(PAGE.slice(PAGE.indexOf('## Guard rails')), 'cedar');
  assert.ok(readFileSync('config/policies/guard-rails.cedar', 'utf8').includes(rail.trim()));
});

test('changing the line that the page says ends in the denial that the page shows', async () => {
  const exercise = PAGE.slice(PAGE.indexOf('## See it denied'), PAGE.indexOf('## How many people'));
  const [, removed = '', added = ''] = /^-(.*)\n\+(.*)\n$/.exec(fences(exercise, 'diff')[0] ?? '') ?? [];
  const [failure = '', denial = ''] = fences(exercise, 'text');
  const folder = mkdtempSync(join(tmpdir(), 'latchkey-exercise-'));
  cpSync('config', folder, { recursive: true });
  const file = join(folder, 'policies/data-crew.cedar');
  const before = readFileSync(file, 'utf8');
  assert.equal(before.split(removed).length, 2);
  writeFileSync(file, before.replace(removed, added));
  const question = '--agent sales-analyst --action postgres:connect --resource billing-db --duration 900';
  const [tested, explained] = await Promise.all([
    runCommand(['bin/policy.ts', 'test', '--config', folder]),
    runCommand(['bin/policy.ts', 'explain', ...question.split(' '), '--config', folder]),
  ]);
  assert.equal(tested.code, 1);
  assert.ok(tested.out.endsWith(failure), tested.out);
  assert.ok(explained.out.startsWith(denial), explained.out);
});
