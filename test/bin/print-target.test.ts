import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { printTarget } from '../../bin/print-target.ts';
import { readConfig } from '../../bin/read-config.ts';
import { compileConfig } from '../../lambdas/core/config/compile.ts';
import { resourcesOf } from '../../lambdas/core/config/resource.ts';
import { templateOf } from '../support/aws-account.ts';
import { runCommand } from '../support/run-command.ts';

const target = (...args: string[]) => runCommand(['bin/config.ts', 'target', ...args]);
type Template = { Resources: Record<string, { Type: string; Properties: object }> };

const sample = () => {
  const compiled = compileConfig(readConfig('config'));
  assert.ok(compiled.ok);
  const [resource] = resourcesOf(compiled.value.resources, 'aws');
  assert.ok(resource);
  return resource;
};

describe('config target', () => {
  test('prints what the construct makes, and nothing of CDK’s own', async () => {
    const { code, out, err } = await target('reports');
    assert.deepEqual([code, err], [0, '']);
    const template: Template = JSON.parse(out);
    assert.deepEqual(Object.keys(template), ['Description', 'Resources']);
    assert.deepEqual(template.Resources, (templateOf(sample()) as Template).Resources);
    assert.equal(out.includes('aws:cdk'), false);
  });

  for (const [what, args, message] of [
    ['a resource of another kind', ['orders-db'], /of kind postgres/],
    ['a resource that is misspelt', ['report'], /Did you mean reports/],
    ['none', [], /Name one resource/],
    ['two', ['reports', 'reports'], /Name one resource/],
    ['settings that are not there', ['reports', '--settings', 'none.json'], /none\.json/],
  ] as [string, string[], RegExp][])
    test(`says what to mend: ${what}`, () => assert.rejects(printTarget(args), message));
});
