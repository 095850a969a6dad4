import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import { basename } from 'node:path';
import { describe, test } from 'node:test';
import { printTarget } from '../../bin/print-target.ts';
import { readConfig } from '../../bin/read-config.ts';
import { compileConfig } from '../../lambdas/core/config/compile.ts';
import type { Resource } from '../../lambdas/core/config/resource.ts';
import { templateOf } from '../support/aws-account.ts';
import { runCommand } from '../support/run-command.ts';

const target = (...args: string[]) => runCommand(['bin/config.ts', 'target', ...args]);
type Template = { Resources: Record<string, { Type: string; Properties: Record<string, unknown> }> };

const samples = (): readonly Resource[] => {
  const compiled = compileConfig(readConfig('config'));
  assert.ok(compiled.ok);
  return compiled.value.resources;
};

describe('config target', () => {
  /** What the account of each sample is to have, by its kind. */
  const MADE: Readonly<Record<string, readonly string[]>> = {
    'orders-db': ['IAM::Role latchkey-target-orders-db'],
    'billing-db': ['IAM::Role latchkey-target-billing-db'],
    'reports-host': ['SSM::Document latchkey-end-ssh-sessions'],
    reports: [
      'IAM::ManagedPolicy latchkey-boundary-latchkey-aws-reports',
      'IAM::ManagedPolicy latchkey-ended-latchkey-aws-reports',
      'IAM::Role latchkey-aws-reports',
      'IAM::Role latchkey-aws-reports-ending',
    ],
    'shop-cluster': [
      'EKS::AccessEntry latchkey:{{SessionName}}',
      'EKS::AccessEntry latchkey-admin',
      'IAM::Role latchkey-target-shop-cluster',
    ],
  };

  test('is tried with every kind that the sample has', () => {
    assert.deepEqual(
      Object.keys(MADE).sort(),
      samples()
        .map(({ id }) => id)
        .sort(),
    );
  });

  for (const [id, made] of Object.entries(MADE))
    test(`prints for ${id} what the construct makes, and nothing of CDK’s own`, async () => {
      const { code, out, err } = await target(id);
      assert.deepEqual([code, err], [0, '']);
      const template: Template = JSON.parse(out);
      assert.deepEqual(Object.keys(template), ['Description', 'Resources']);
      const resource = samples().find((one) => one.id === id);
      assert.ok(resource);
      assert.deepEqual(template.Resources, (templateOf(resource) as Template).Resources);
      assert.equal(out.includes('aws:cdk'), false);
      const names = Object.values(template.Resources).map(
        ({ Type, Properties: { RoleName, ManagedPolicyName, Username, Name } }) =>
          `${Type.replace('AWS::', '')} ${RoleName ?? ManagedPolicyName ?? Username ?? Name}`,
      );
      assert.deepEqual(names.sort(), [...made].sort());
    });

  test('is what the pages of docs/targets call, each with a sample of its kind', () => {
    for (const page of globSync('docs/targets/*.md')) {
      const calls = [...readFileSync(page, 'utf8').matchAll(/npm run config -- target (\S+?)[`\s]/g)];
      for (const [, id = ''] of calls)
        assert.equal(samples().find((one) => one.id === id)?.kind, basename(page, '.md'), `${page}: ${id}`);
    }
  });

  for (const [what, args, message] of [
    ['a resource that is misspelt', ['report'], /Did you mean reports/],
    ['none', [], /Name one resource/],
    ['two', ['reports', 'reports'], /Name one resource/],
    ['settings that are not there', ['reports', '--settings', 'none.json'], /none\.json/],
  ] as [string, string[], RegExp][])
    test(`says what to mend: ${what}`, () => assert.rejects(printTarget(args), message));
});
