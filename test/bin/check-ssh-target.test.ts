import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { checkSshTarget } from '../../bin/check-ssh-target.ts';
import type { MachineAnswer } from '../../lambdas/adapters/ssh/machine-commands.ts';
import { DependencyUnavailable } from '../../lambdas/app/ports.ts';
import { SSH_RESOURCE } from '../support/ssh-facts.ts';

const asked: (readonly string[])[] = [];
const check = (answer: MachineAnswer) =>
  checkSshTarget(async (_resource, keys) => {
    asked.push(keys);
    return answer;
  }, SSH_RESOURCE);
const answered = (codes: string): MachineAnswer => ({
  answered: true,
  output: `latchkey ${codes} found=0 unknown=0 ended=0 left=0\n`,
});
const lacks = async (answer: MachineAnswer) =>
  (await check(answer)).flatMap(({ ok, mend }) => (ok ? [] : [mend ?? '']));

test('a machine that can take part lacks nothing, and is asked without a key, so that nothing ends', async () => {
  const checks = await check(answered('refused=yes ways=one'));
  assert.deepEqual(
    checks.map(({ ok }) => ok),
    [true, true, true],
  );
  assert.deepEqual(asked, [[]]);
});

test('each code of the script has a mend of its own', async () => {
  const script = readFileSync('docs/targets/ssh-end-sessions.sh', 'utf8');
  const codes = (name: string) =>
    [...script.matchAll(new RegExp(`\\b${name}=([a-z_]+)`, 'g'))].map(([, code = '']) => code);
  const refusals = codes('refused').filter((code) => code !== 'yes');
  const ways = codes('ways').filter((code) => code !== 'one');
  assert.ok(refusals.length > 6 && ways.length > 3);
  for (const code of refusals)
    for (const mend of await lacks(answered(`refused=${code} ways=one`)))
      assert.doesNotMatch(mend, /It answered/, code);
  for (const code of ways)
    for (const mend of await lacks(answered(`refused=yes ways=${code}`)))
      assert.doesNotMatch(mend, /It answered/, code);
});

test('a document that is not there is told with what to deploy, and nothing else is taken for that', async () => {
  const failing = (name: string) =>
    checkSshTarget(async () => {
      throw new DependencyUnavailable('ssm', Object.assign(new Error('not there'), { name }));
    }, SSH_RESOURCE);
  const [missing, ...others] = await failing('InvalidDocument');
  assert.deepEqual([missing?.ok, others], [false, []]);
  assert.match(missing?.mend ?? '', /deploy what `npm run config -- target` prints/);
  await assert.rejects(failing('AccessDeniedException'), DependencyUnavailable);
});

test('a machine that does not answer is told from one that answers nonsense', async () => {
  for (const code of ['not_managed', 'no_answer', 'not_run'] as const) {
    const [mend, ...others] = await lacks({ answered: false, code });
    assert.deepEqual(others, []);
    assert.doesNotMatch(mend ?? '', /It answered/);
  }
  assert.match((await lacks({ answered: true, output: 'Killed\n' }))[0] ?? '', /It answered unreadable/);
});
