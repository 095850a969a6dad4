import assert from 'node:assert/strict';
import { globSync, readFileSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { describe, type TestContext, test } from 'node:test';
import { printTarget } from '../../bin/print-target.ts';
import { readConfig } from '../../bin/read-config.ts';
import { compileConfig } from '../../lambdas/core/config/compile.ts';
import type { Resource } from '../../lambdas/core/config/resource.ts';
import { scratchDir } from '../infra/scratch-dir.ts';
import { templateOf } from '../support/aws-account.ts';
import { runCommand } from '../support/run-command.ts';

type Template = { Resources: Record<string, { Type: string; Properties: Record<string, unknown> }> };

const compiled = compileConfig(readConfig('config'));
assert.ok(compiled.ok);
const SAMPLES: readonly Resource[] = compiled.value.resources;

/** A file of settings like `cdk.json`, but for what is given. */
const settingsFile = (over: object): string => {
  const file = join(scratchDir(), 'settings.json');
  const { context } = JSON.parse(readFileSync('cdk.json', 'utf8'));
  writeFileSync(file, JSON.stringify({ context: { latchkey: { ...context.latchkey, ...over } } }));
  return file;
};

const printed = async (context: TestContext, ...args: string[]): Promise<string> => {
  const log = context.mock.method(console, 'log', () => undefined);
  try {
    await printTarget(args);
  } finally {
    log.mock.restore();
  }
  return log.mock.calls.flatMap((call) => call.arguments).join('\n');
};

describe('config target', () => {
  const IDENTITIES = [
    'IAM::ManagedPolicy latchkey-boundary-latchkey-aws-reports',
    'IAM::ManagedPolicy latchkey-ended-latchkey-aws-reports',
    'IAM::Role latchkey-aws-reports',
    'IAM::Role latchkey-aws-reports-ending',
  ];
  const ENTRIES = ['EKS::AccessEntry latchkey:{{SessionName}}', 'EKS::AccessEntry latchkey-admin'];
  /** What the account of each sample is to have, by its kind, where the stack makes nothing for it. */
  const MADE: Readonly<Record<string, readonly string[]>> = {
    'orders-db': ['IAM::Role latchkey-target-orders-db'],
    'billing-db': ['IAM::Role latchkey-target-billing-db'],
    reports: IDENTITIES,
    'shop-cluster': [...ENTRIES, 'IAM::Role latchkey-target-shop-cluster'],
  };
  /** And what no account is to have, because of what. */
  const REFUSED: Readonly<Record<string, RegExp>> = {
    'tickets-db': /has passwords/,
    'stock-db': /has passwords/,
    'reports-host': /beside Latchkey.*its stack makes the document/,
  };
  const APART = settingsFile({ createTargetRoles: false });

  test('is tried with every kind that the sample has', () => {
    assert.deepEqual(
      [...Object.keys(MADE), ...Object.keys(REFUSED)].sort(),
      SAMPLES.map(({ id }) => id).sort(),
    );
  });

  const namesIn = ({ Resources }: Template): string[] =>
    Object.values(Resources)
      .map(
        ({ Type, Properties: { RoleName, ManagedPolicyName, Username, Name } }) =>
          `${Type.replace('AWS::', '')} ${RoleName ?? ManagedPolicyName ?? Username ?? Name}`,
      )
      .sort();

  for (const [id, made] of Object.entries(MADE))
    test(`prints for ${id} what the construct makes, and nothing of CDK’s own`, async (context) => {
      const out = await printed(context, id, '--settings', APART);
      const template: Template = JSON.parse(out);
      assert.deepEqual(Object.keys(template), ['Description', 'Resources']);
      const resource = SAMPLES.find((one) => one.id === id);
      assert.ok(resource);
      assert.deepEqual(template.Resources, (templateOf(resource) as Template).Resources);
      assert.equal(out.includes('aws:cdk'), false);
      assert.deepEqual(namesIn(template), [...made].sort());
    });

  test('writes to standard output and nowhere else', async () => {
    const { code, out, err } = await runCommand(['bin/config.ts', 'target', 'shop-cluster']);
    assert.deepEqual([code, err], [0, '']);
    JSON.parse(out);
  });

  test('prints of a cluster only what the stack does not make: the entries, where they were before', async (context) => {
    const alone: Template = JSON.parse(await printed(context, 'shop-cluster'));
    assert.deepEqual(namesIn(alone), [...ENTRIES].sort());
    const whole: Template = JSON.parse(await printed(context, 'shop-cluster', '--settings', APART));
    for (const [id, entry] of Object.entries(alone.Resources))
      assert.deepEqual(entry.Properties, whole.Resources[id]?.Properties);
  });

  for (const id of ['orders-db', 'billing-db', 'reports'])
    test(`refuses what the stack makes itself: ${id}`, () =>
      assert.rejects(printTarget([id]), {
        name: 'UsageError',
        message: /createTargetRoles.*its stack makes/,
      }));

  for (const [id, message] of Object.entries(REFUSED))
    test(`refuses what no account needs anything for: ${id}`, () =>
      assert.rejects(printTarget([id, '--settings', APART]), { name: 'UsageError', message }));

  test('prints nothing of a configuration that could not be deployed', () => {
    const elsewhere = settingsFile({ account: '999988887777', createTargetRoles: false });
    return assert.rejects(printTarget(['reports', '--settings', elsewhere]), {
      name: 'Mistakes',
      message: /^config\/resources\.yaml: resources\[0\]\.target\.account: /,
    });
  });

  test('is what the pages of docs/targets call, each with a sample of its kind', () => {
    for (const page of globSync('docs/targets/*.md')) {
      const calls = [...readFileSync(page, 'utf8').matchAll(/npm run config -- target (\S+?)[`\s]/g)];
      for (const [, id = ''] of calls)
        assert.equal(SAMPLES.find((one) => one.id === id)?.kind, basename(page, '.md'), `${page}: ${id}`);
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
