import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { test } from 'node:test';
import { acknowledgementsFor, checkStack } from '../../lib/checks.ts';
import { readSettings } from '../../lib/settings.ts';
import { ORDERS } from './sample-settings.ts';
import { sampleStack } from './sample-stack.ts';

const CDK_JSON = resolve(import.meta.dirname, '../../cdk.json');

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
