import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { before, test } from 'node:test';
import { compiledConfig } from '../../bin/compiled-config.ts';
import { synthesize } from '../../bin/synthesize.ts';
import type { Resource } from '../../lambdas/core/config/resource.ts';
import { readSettings } from '../../lib/settings.ts';
import { targetTemplate } from '../../lib/target-template.ts';
import { VENV_DIR, WORK_DIR } from './tools.ts';

const dir = join(WORK_DIR, 'cfn-lint');
before(() => {
  rmSync(dir, { recursive: true, force: true });
  mkdirSync(dir, { recursive: true });
});

/** Rules that are not asked, each with its reason. */
const IGNORED = [
  // CDK writes that a function depends on its role, although the reference says it already. It does no harm.
  'W3005',
];

/** What cfn-lint finds, informational remarks included; empty when it finds nothing. */
const findings = (template: string): string => {
  const args = [
    '--regions',
    region,
    '--include-checks',
    'I',
    '--ignore-checks',
    ...IGNORED,
    '--template',
    template,
  ];
  const { status, stdout, stderr } = spawnSync(join(VENV_DIR, 'bin/cfn-lint'), args, { encoding: 'utf8' });
  const output = stdout + stderr;
  assert.equal(status === 0, output === '', `cfn-lint ended with ${status}: ${output}`);
  return output;
};

const { latchkey } = JSON.parse(readFileSync('cdk.json', 'utf8')).context;
const { region } = latchkey;

const sampleSettings = (over: object) => {
  const settings = readSettings({ ...latchkey, ...over });
  if (!settings.ok) throw new Error(JSON.stringify(settings.errors));
  return settings;
};

const synthesized = async (name: string, over: object): Promise<string> => {
  const settings = sampleSettings(over);
  const { stackName } = await synthesize({ outdir: join(dir, name), settings: settings.value, check: false });
  return join(dir, name, `${stackName}.template.json`);
};

test('cfn-lint finds nothing in the templates that infra teams apply', () => {
  assert.equal(findings('docs/targets/eks-access.yaml'), '');
});

/** The same in another account, where that takes more than it does beside Latchkey. */
const elsewhere = (resource: Resource): Resource[] => {
  const there = {
    account: '444455556666',
    roleArn: `arn:aws:iam::444455556666:role/latchkey-target-${resource.id}`,
    administratorRoleArn: `arn:aws:iam::444455556666:role/latchkey-target-${resource.id}-administrator`,
    externalId: 'latchkey-cfn-lint',
  };
  return resource.kind === 'aws'
    ? []
    : [{ ...resource, target: { ...resource.target, ...there } } as Resource];
};

test('cfn-lint finds nothing in what config target prints for each sample', () => {
  const { value: settings } = sampleSettings({});
  // A database with passwords is reached by no role, so it has no template.
  const samples = compiledConfig('config', 'required').resources.filter(
    ({ target }) => !('auth' in target && target.auth === 'password'),
  );
  for (const resource of [...samples, ...samples.flatMap(elsewhere)]) {
    const name = `target-${resource.id}-${resource.target.account}`;
    const template = join(dir, `${name}.json`);
    const outdir = join(dir, name);
    writeFileSync(template, JSON.stringify(targetTemplate(resource, settings, outdir)));
    assert.equal(findings(template), '', resource.id);
  }
});

test('cfn-lint finds nothing in the template of the sample settings', async () => {
  assert.equal(findings(await synthesized('sample', {})), '');
});

test('cfn-lint finds nothing in the template of a private API with everything else that settings can add', async () => {
  const over = {
    createTargetRoles: false,
    readerConcurrency: 5,
    alarms: { topicArn: `arn:aws:sns:${region}:${latchkey.account}:alarms` },
    vpc: { ...latchkey.vpc, routeTableIds: ['rtb-0a1b2c3d'] },
    api: {
      ...latchkey.api,
      endpoint: 'private',
      vpcEndpointIds: ['vpce-0a1b2c3d4e5f60718'],
      accountLogRole: 'exists',
    },
  };
  assert.equal(findings(await synthesized('private', over)), '');
});

test('cfn-lint finds what is wrong with a template', () => {
  const template = join(dir, 'wrong.json');
  const Properties = { Runtime: 'nodejs4.3', Role: 'x', Code: { ZipFile: '' }, Memory: 1 };
  writeFileSync(
    template,
    JSON.stringify({ Resources: { F: { Type: 'AWS::Lambda::Function', Properties } } }),
  );
  assert.match(findings(template), /E3002.*Memory/);
});
