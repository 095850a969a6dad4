import assert from 'node:assert/strict';
import { accessSync, constants, readFileSync } from 'node:fs';
import { test } from 'node:test';

const pipeline = readFileSync('.ci/run', 'utf8');
const { scripts } = JSON.parse(readFileSync('package.json', 'utf8'));

test('the pipeline runs the two commands that the README opens with, word by word', () => {
  const commands = [...readFileSync('README.md', 'utf8').matchAll(/```sh\n(npm ci && .*)\n```/g)].map(
    ([, line]) => line,
  );
  assert.deepEqual(commands, ['npm ci && npm run demo', 'npm ci && npm test']);
  for (const command of commands) assert.ok(pipeline.includes(`\nstep '${command}'\n`), command);
});

test('the pipeline can be started, and stops at the first thing that fails', () => {
  accessSync('.ci/run', constants.X_OK);
  assert.match(pipeline, /^#!\/usr\/bin\/env bash\n/);
  assert.match(pipeline, /\nset -euo pipefail\n/);
  assert.doesNotMatch(pipeline, /\|\| *(true|:)/);
});

test('after the README’s commands the pipeline checks, synthesizes and runs the full tests', () => {
  const steps = [...pipeline.matchAll(/^step '(.*)'$/gm)].map(([, command]) => command);
  assert.deepEqual(steps.slice(2), ['npm run check:static', 'npm run synth', 'npm run test:full']);
  assert.equal(scripts.check, 'npm run check:static && npm test');
});

test('whatever is a command of ours says what is missing when Node is too old', () => {
  for (const [name, script] of Object.entries(scripts))
    assert.ok(
      !/\bnode\b/.test(String(script)) ||
        String(script).startsWith('node --import ./bin/require-node-24.js bin/'),
      name,
    );
});
