import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { configSchemas } from '../../bin/config-schemas.ts';

test('the schemas beside the configuration are those of the code: npm run config -- schemas', () => {
  const schemas = configSchemas();
  assert.equal(schemas.length, 4);
  for (const { file, text } of schemas) {
    assert.deepEqual(JSON.parse(readFileSync(`config/${file}`, 'utf8')), JSON.parse(text), file);
    assert.equal(JSON.parse(text).additionalProperties, false);
  }
});

test('each file of the configuration names its schema in the first line', () => {
  for (const { file } of configSchemas()) {
    const yaml = readFileSync(`config/${file.replace('.schema.json', '.yaml')}`, 'utf8');
    assert.equal(yaml.split('\n', 1)[0], `# yaml-language-server: $schema=./${file}`);
  }
});
