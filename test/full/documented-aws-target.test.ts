import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { type TestContext, test } from 'node:test';
import { parse } from 'yaml';
import { compiledConfig } from '../../bin/compiled-config.ts';
import { settingsOfFile } from '../../bin/named-settings.ts';
import { REPORTS_BUCKET } from '../../examples/buckets/reports-bucket.ts';
import { type AwsResource, resourcesOf } from '../../lambdas/core/config/resource.ts';
import { targetTemplate } from '../../lib/target-template.ts';
import { scratchDir } from '../infra/scratch-dir.ts';
import { startAwsScene } from '../support/aws-scene.ts';
import { runCommand } from '../support/run-command.ts';

const ROOT = resolve(import.meta.dirname, '../..');
const PAGE = readFileSync(join(ROOT, 'docs/targets/aws.md'), 'utf8');
const SHOWN: Template = JSON.parse(readFileSync(join(ROOT, 'docs/targets/aws.template.json'), 'utf8'));

interface Template {
  readonly Resources: Readonly<Record<string, { readonly Type: string; readonly Properties: object }>>;
}

const fence = (language: string): string =>
  new RegExp(`^\`\`\`${language}\\n(.*?)\\n\`\`\`$`, 'ms').exec(PAGE)?.[1] ?? '';

const sample = (): AwsResource => {
  const [resource] = resourcesOf(compiledConfig(join(ROOT, 'config'), 'required').resources, 'aws');
  assert.ok(resource);
  return resource;
};

/** A life on what a template makes, in the account that it is for. */
const live = async (context: TestContext, template: Template): Promise<void> => {
  const resource = sample();
  const scene = await startAwsScene({ template }, context);
  const grant = await scene.newGrant({ profile: 'read-reports', resource: resource.id });
  const session = await scene.issue(grant, resource);
  assert.equal(await scene.read(session, REPORTS_BUCKET.name), 'read');
  assert.deepEqual(await scene.target.inventory(resource), []);
  assert.equal((await scene.close(grant, resource)).dead, true);
  assert.equal(await scene.read(session, REPORTS_BUCKET.name), 'AccessDenied');
};

test('the template that the page shows is what the command prints for the sample', () => {
  const settings = settingsOfFile(join(ROOT, 'cdk.json'));
  assert.deepEqual(SHOWN, targetTemplate(sample(), settings, scratchDir()));
});

test('a grant lives and ends on what the shown template makes, as it stands', (context) =>
  live(context, SHOWN));

test('and on what the shown CDK app makes, which is the same', async (context) => {
  const file = join(scratchDir(), 'app.ts');
  const print = `console.log(JSON.stringify(app.synth().getStackByName(stack.stackName).template));`;
  const written = fence('ts')
    .replaceAll("from './", `from '${ROOT}/`)
    .replaceAll("from 'aws-cdk-lib'", `from '${ROOT}/node_modules/aws-cdk-lib/index.js'`);
  writeFileSync(file, `${written}\n${print}\n`);
  const { code, out, err } = await runCommand([file], { CDK_OUTDIR: scratchDir() });
  assert.equal(code, 0, err);
  const made: Template = JSON.parse(out);
  const identities = ({ Resources }: Template) =>
    Object.values(Resources)
      .filter(({ Type }) => Type.startsWith('AWS::IAM::'))
      .map(({ Type, Properties }) =>
        JSON.stringify([Type, Properties]).replaceAll(/"Ref":"\w+"/g, '"Ref":""'),
      )
      .sort();
  assert.deepEqual(identities(made), identities(SHOWN));
  const Resources = Object.fromEntries(
    Object.entries(made.Resources).filter(([, { Type }]) => Type.startsWith('AWS::IAM::')),
  );
  await live(context, { Resources });
});

test('the shown profile is the sample’s', () => {
  const { profiles } = parse(fence('yaml'));
  assert.deepEqual(profiles['read-reports'], sample().target.profiles['read-reports']);
});
