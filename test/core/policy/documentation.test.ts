import assert from 'node:assert/strict';
import { cpSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { readConfig } from '../../../bin/read-config.ts';
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

test('what the page says of runs and of seeing holds beside the sample', () => {
  const sample = readConfig('config');
  for (const title of ['Runs: one statement at a time', 'What is masked, and who may see it']) {
    const section = PAGE.split(`## ${title}\n`)[1]?.split('\n## ')[0] ?? '';
    const [text = ''] = fences(section, 'cedar');
    const [examples = ''] = fences(section, 'yaml');
    const id = /@id\("[^"]+"\)/.exec(text)?.[0] ?? '';
    const others = sample.policies.filter((policy) => !policy.text.includes(id));
    const result = compileConfig({
      ...sample,
      policies: [...others, { file: 'page.cedar', text }],
      examples: `examples:\n${examples.replaceAll(/^/gm, '  ')}`,
    });
    assert.deepEqual(result.ok ? [] : result.errors, [], title);
  }
});

test('the policies about people on the page compile beside the sample, and those that are shipped are as shipped', () => {
  const sample = readConfig('config');
  const section = PAGE.split('## What people may do\n')[1]?.split('\n## ')[0] ?? '';
  const policies = fences(section, 'cedar');
  assert.equal(policies.length, 3);
  const shipped = readFileSync('config/policies/approvers.cedar', 'utf8');
  const others = policies.filter((text) => !shipped.includes(text.trim()));
  assert.equal(others.length, 1);
  const [text = ''] = others;
  const result = compileConfig({ ...sample, policies: [...sample.policies, { file: 'page.cedar', text }] });
  assert.deepEqual(result.ok ? [] : result.errors, []);
});

test('the guard rails on the page are those that are shipped', () => {
  const rails = fences(PAGE.slice(PAGE.indexOf('## Guard rails')), 'cedar');
  const shipped = readFileSync('config/policies/guard-rails.cedar', 'utf8');
  assert.equal(rails.length, 2);
  for (const rail of rails) assert.ok(shipped.includes(rail.trim()), rail);
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

test('the policies about containment on the page compile beside the sample, and the one that is shipped is as shipped', () => {
  const sample = readConfig('config');
  const section = PAGE.split('## Who may stop access\n')[1]?.split('\n## ')[0] ?? '';
  const policies = fences(section, 'cedar');
  assert.equal(policies.length, 2);
  const shipped = readFileSync('config/policies/approvers.cedar', 'utf8');
  const others = policies.filter((text) => !shipped.includes(text.trim()));
  assert.equal(others.length, 1);
  const [text = ''] = others;
  const result = compileConfig({ ...sample, policies: [...sample.policies, { file: 'page.cedar', text }] });
  assert.deepEqual(result.ok ? [] : result.errors, []);
});
