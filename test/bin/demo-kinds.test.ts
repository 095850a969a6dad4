import assert from 'node:assert/strict';
import { test } from 'node:test';
import { KIND_SCENES } from '../../bin/demo-kinds.ts';
import { readConfig } from '../../bin/read-config.ts';
import { compileConfig } from '../../lambdas/core/config/compile.ts';

test('the demo ends one of each kind that the sample offers', () => {
  const sample = compileConfig(readConfig('config'));
  assert.ok(sample.ok);
  const offered = new Set(sample.value.resources.map(({ kind }) => kind));
  assert.deepEqual(new Set(['postgres', ...Object.keys(KIND_SCENES)]), offered);
});
