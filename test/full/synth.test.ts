import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { delimiter, join, resolve } from 'node:path';
import { before, describe, test } from 'node:test';
import { promisify } from 'node:util';
import { compiledConfig } from '../../bin/compiled-config.ts';
import { synthesize } from '../../bin/synthesize.ts';
import { acknowledgementsFor } from '../../lib/checks.ts';
import { readSettings, type Settings } from '../../lib/settings.ts';
import { FUNCTIONS } from '../infra/sample-settings.ts';
import { scratchDir } from '../infra/scratch-dir.ts';

const run = promisify(execFile);
const ROOT = resolve(import.meta.dirname, '../..');
const BIN = join(ROOT, 'node_modules/.bin');
const scratch = scratchDir();
const outdir = join(scratch, 'cdk.out');

const jsonOf = (...path: string[]) => JSON.parse(readFileSync(join(...path), 'utf8'));

const sampleSettings = (): Settings => {
  const read = readSettings(jsonOf(ROOT, 'cdk.json').context.latchkey);
  assert.ok(read.ok);
  return read.value;
};

/** No AWS account, no home with its settings, and every attempt to use a network refused and noted. */
const withoutNetwork = (attempts: string): NodeJS.ProcessEnv => ({
  PATH: [BIN, process.env.PATH].join(delimiter),
  HOME: scratch,
  NETWORK_ATTEMPTS: attempts,
  NODE_OPTIONS: `--import ${join(ROOT, 'test/infra/refuse-network.ts')}`,
});

const node = (script: string, env: NodeJS.ProcessEnv) =>
  run(process.execPath, ['-e', script], { env, cwd: scratch });

describe('cdk synth, from a checkout', () => {
  const attempts = join(scratch, 'attempts');
  before(async () => {
    const args = ['synth', '--quiet', '--output', outdir];
    await run(join(BIN, 'cdk'), args, { cwd: ROOT, env: withoutNetwork(attempts) });
  });

  test('needs no network and no AWS account', () => {
    assert.equal(existsSync(attempts) ? readFileSync(attempts, 'utf8') : '', '');
    assert.ok(existsSync(join(outdir, 'latchkey.template.json')));
  });

  test('would be caught using a network', async () => {
    const noted = join(scratch, 'noted');
    await node("fetch('http://127.0.0.1:49999').catch(() => {})", withoutNetwork(noted));
    assert.match(readFileSync(noted, 'utf8'), /connect|lookup/);
  });

  test('explains every finding of the checks, and explains nothing that is not found', () => {
    const { pluginReports } = jsonOf(outdir, 'validation-report.json');
    const [report] = pluginReports.filter(
      ({ pluginName }: { pluginName: string }) => pluginName === 'AwsSolutions',
    );
    assert.deepEqual(report.violations, []);
    const found = report.suppressedViolations.map(
      ({ acknowledgedAt, acknowledgedId }: Record<string, string>) => `${acknowledgedAt} ${acknowledgedId}`,
    );
    const settings = sampleSettings();
    const { resources } = compiledConfig(join(ROOT, 'config'), settings.guardRails);
    const explained = acknowledgementsFor({ settings, resources }).map(
      ({ at, finding }) => `latchkey/${at} AwsSolutions::${finding}`,
    );
    assert.ok(explained.length > 0);
    assert.deepEqual([...new Set(found)].sort(), explained.sort());
  });

  test('makes the same template as the stack on one machine gets', async () => {
    const other = join(scratch, 'other');
    await synthesize({
      outdir: other,
      settings: sampleSettings(),
      configDir: join(ROOT, 'config'),
      check: false,
    });
    const template = 'latchkey.template.json';
    assert.deepEqual(jsonOf(other, template), jsonOf(outdir, template));
  });

  test('bundles handlers that load with what Lambda gives them', async () => {
    const { Resources } = jsonOf(outdir, 'latchkey.template.json');
    const variables = Object.assign(
      {},
      ...Object.values<{ Type: string; Properties: { Environment: { Variables: object } } }>(Resources)
        .filter(({ Type }) => Type === 'AWS::Lambda::Function')
        .map(({ Properties }) => Properties.Environment.Variables),
    );
    const env = Object.fromEntries(
      // What CloudFormation fills in is an ARN or a name.
      Object.entries(variables).map(([name, value]) => [
        name,
        typeof value === 'string' ? value : 'arn:aws:example',
      ]),
    );
    await Promise.all(
      FUNCTIONS.map(async (name) => {
        const dir = join(outdir, 'functions', name);
        const { stdout } = await node(`console.log(typeof require('${dir}/index.cjs').handler)`, {
          ...withoutNetwork(attempts),
          ...env,
          LOG_LEVEL: 'INFO',
          AWS_REGION: 'eu-central-1',
          LAMBDA_TASK_ROOT: dir,
        });
        assert.equal(stdout.trim(), 'function', name);
      }),
    );
  });

  test('gives Cedar and policies to those that decide, and to nobody else', () => {
    const deciding = FUNCTIONS.filter((name) =>
      readdirSync(join(outdir, 'functions', name)).some((file) => file.startsWith('cedar')),
    );
    const withPolicies = FUNCTIONS.filter(
      (name) => 'policies' in jsonOf(outdir, 'functions', name, 'config.json'),
    );
    assert.deepEqual(deciding.sort(), withPolicies.sort());
    assert.deepEqual(withPolicies, ['api', 'console', 'containment', 'notifier', 'runner', 'sweeper']);
  });

  test('gives the parser to those that read statements, and to nobody else', () => {
    const parsing = FUNCTIONS.filter((name) =>
      readdirSync(join(outdir, 'functions', name)).includes('libpg-query.wasm'),
    );
    assert.deepEqual(parsing.sort(), ['api', 'console', 'runner']);
  });
});
