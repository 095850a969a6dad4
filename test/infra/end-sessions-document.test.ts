import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { describe, test } from 'node:test';
import { SSH_KEYS_PER_GRANT_MAX } from '../../lambdas/core/ssh/limits.ts';
import { OTHER_PUBLIC_KEY, PUBLIC_KEY } from '../support/ssh-facts.ts';
import { MACHINE, ORDERS } from './sample-settings.ts';
import { ofType, sampleResources } from './sample-stack.ts';

const SCRIPT = readFileSync(new URL('../../docs/targets/ssh-end-sessions.sh', import.meta.url), 'utf8');

const [document, ...others] = ofType(sampleResources({ resources: [ORDERS, MACHINE] }), 'AWS::SSM::Document');
const content = document?.properties.Content;
const [step, ...otherSteps] = content.mainSteps;

test('a deployment with machines makes the one document under the name that revoker may send, and others make none', () => {
  assert.deepEqual(others, []);
  assert.equal(document?.properties.Name, 'latchkey-end-ssh-sessions');
  assert.deepEqual(ofType(sampleResources({ resources: [ORDERS] }), 'AWS::SSM::Document'), []);
  const [revoker] = ofType(sampleResources({ resources: [MACHINE] }), 'AWS::Lambda::Function').filter(
    ({ properties }) => properties.FunctionName === 'latchkey-revoker',
  );
  const { END_SESSIONS_DOCUMENT } = revoker?.properties.Environment.Variables ?? {};
  assert.equal(END_SESSIONS_DOCUMENT, document?.properties.Name);
});

describe('the document', () => {
  test('runs the file that is documented, line by line, and nothing else', () => {
    assert.deepEqual(otherSteps, []);
    assert.equal(step.action, 'aws:runShellScript');
    const [user, keys, ...lines] = step.inputs.runCommand;
    assert.deepEqual([user, keys], ["os_user='{{ osUser }}'", "keys='{{ keys }}'"]);
    assert.equal(`${lines.join('\n')}\n`, SCRIPT);
  });

  test('puts parameters nowhere else, so that nothing in the script is taken for one', () => {
    assert.doesNotMatch(SCRIPT, /\{\{|\}\}/);
  });

  test('is a script that a shell of POSIX can read', () => {
    execFileSync('/bin/sh', ['-n'], { input: step.inputs.runCommand.join('\n') });
  });

  const allowed = (name: string, value: string): boolean =>
    new RegExp(content.parameters[name].allowedPattern).test(value);

  test('takes the keys of a grant, and the word that asks for none', () => {
    const many = Array(SSH_KEYS_PER_GRANT_MAX).fill(PUBLIC_KEY);
    for (const keys of ['none', PUBLIC_KEY, `${PUBLIC_KEY},${OTHER_PUBLIC_KEY}`, many.join(',')])
      assert.ok(allowed('keys', keys), keys);
    assert.ok(allowed('keys', `ssh-rsa ${'A'.repeat(1_398)}==`));
    assert.ok(!allowed('keys', [...many, OTHER_PUBLIC_KEY].join(',')));
  });

  test('takes no text that a shell would take for more than text', () => {
    for (const bad of [
      "'",
      '"',
      '`',
      '$',
      ';',
      '&',
      '|',
      '<',
      '>',
      '(',
      '\\',
      '\n',
      '\r',
      '\0',
      '#',
      '*',
      '~',
      ' ',
    ])
      for (const [name, value] of [
        ['keys', PUBLIC_KEY],
        ['osUser', 'agent'],
      ] as const)
        for (const bent of [
          `${bad}${value}`,
          `${value}${bad}`,
          `${value.slice(0, 3)}${bad}${value.slice(3)}`,
        ])
          assert.ok(!allowed(name, bent), JSON.stringify([name, bent]));
    for (const keys of [
      '',
      ',',
      `${PUBLIC_KEY},`,
      `${PUBLIC_KEY}, ${PUBLIC_KEY}`,
      `none,${PUBLIC_KEY}`,
      'all',
    ])
      assert.ok(!allowed('keys', keys), keys);
    for (const user of ['', 'Root', '-agent', '../agent', 'a'.repeat(33)])
      assert.ok(!allowed('osUser', user), user);
  });
});
