import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { test } from 'node:test';
import { acknowledgementsFor, checkStack } from '../../lib/checks.ts';
import { readSettings } from '../../lib/settings.ts';
import { MACHINE, ORDERS, settingsOf } from './sample-settings.ts';
import { sampleStack } from './sample-stack.ts';

const CDK_JSON = resolve(import.meta.dirname, '../../cdk.json');

test('what is made for a machine with roles here has nothing that is not explained', (t) => {
  const lines: unknown[] = [];
  t.mock.method(console, 'error', (line: unknown) => void lines.push(line));
  const roleArn = 'arn:aws:iam::111122223333:role/latchkey-target-reports-host';
  const resources = [
    ORDERS,
    { ...MACHINE, target: { ...MACHINE.target, roleArn, externalId: 'latchkey-reports' } },
  ];
  const settings = settingsOf({ createTargetRoles: true });
  const { app, stack } = sampleStack({ resources, settings: { createTargetRoles: true } });
  checkStack(app, stack, acknowledgementsFor({ settings, resources }));
  app.synth();
  assert.deepEqual(lines, []);
});

test('what is made for a database with an administrator of its own has nothing that is not explained', (t) => {
  const lines: unknown[] = [];
  t.mock.method(console, 'error', (line: unknown) => void lines.push(line));
  const administratorRoleArn = 'arn:aws:iam::111122223333:role/latchkey-administrator';
  const orders = { ...ORDERS.target, administratorRoleArn, externalId: 'latchkey-orders' };
  const resources = [{ ...ORDERS, target: orders }];
  const over = { createTargetRoles: true };
  const { app, stack } = sampleStack({ resources, settings: over });
  checkStack(app, stack, acknowledgementsFor({ settings: settingsOf(over), resources }));
  app.synth();
  assert.deepEqual(lines, []);
});

test('a finding that nobody explained fails synth', (t) => {
  t.mock.method(console, 'error', () => undefined);
  const { app, stack } = sampleStack();
  const read = readSettings(JSON.parse(readFileSync(CDK_JSON, 'utf8')).context.latchkey);
  assert.ok(read.ok);
  const explained = acknowledgementsFor({
    settings: { ...read.value, createTargetRoles: false },
    resources: [ORDERS],
  });
  checkStack(app, stack, explained.slice(1));
  assert.throws(() => app.synth(), /Validation failed/);
});
