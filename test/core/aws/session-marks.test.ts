import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { roleOfGrant, rolesOf } from '../../../lambdas/core/aws/role-shards.ts';
import { sessionMarks } from '../../../lambdas/core/aws/session-marks.ts';

const GRANT = {
  id: 'g_k3v9q2m7xw4b8r1nd6hz_5h2j7d9c1s0f',
  task: 't_k3v9q2m7xw4b8r1nd6hz',
  principal: { name: 'sales-analyst' },
  owners: [{ subject: 'alice@example.com' }],
};
const named = (name: string) => sessionMarks({ ...GRANT, principal: { name }, owners: [] });
const hashOf = (name: string) => `sha256=${createHash('sha256').update(name).digest('hex').slice(0, 32)}`;

describe('a session is told', () => {
  test('grant, task, principal and owner, and the mark it is ended by', () => {
    assert.deepEqual(sessionMarks(GRANT), {
      tags: {
        'latchkey:grant': GRANT.id,
        'latchkey:task': GRANT.task,
        'latchkey:principal': 'sales-analyst',
        'latchkey:owner': 'alice@example.com',
        'latchkey:mark': '5h2j7d9c1s0f',
      },
      sourceIdentity: 'alice@example.com',
    });
  });

  test('its principal where nobody else answers for it', () => {
    const { tags, sourceIdentity } = named('deployer');
    assert.deepEqual([tags['latchkey:owner'], sourceIdentity], ['deployer', 'deployer']);
  });

  test('whatever AWS takes, whoever they are: a hash stands for other names, and is found by the name', () =>
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme', maxLength: 300 }), (name) => {
        const { tags, sourceIdentity } = named(name);
        for (const value of Object.values(tags)) assert.match(value, /^[\p{L}\p{Z}\p{N}_.:/=+@-]{1,256}$/u);
        assert.match(sourceIdentity, /^[\w+=,.@-]{2,64}$/);
        for (const value of [tags['latchkey:principal'], sourceIdentity])
          assert.ok(value === name || value === hashOf(name), value);
      }),
    ));

  for (const [what, name] of [
    ['one that is longer than 64 characters', 'x'.repeat(65)],
    ['one with a sign that AWS does not take', 'a;b'],
    ['one that looks like AWS’s own', 'AWS:root'],
    ['one that looks like a hash of ours', `sha256=${'0'.repeat(32)}`],
    ['none', ''],
  ] as const)
    test(`a hash instead of ${what}`, () => {
      const { tags, sourceIdentity } = named(name);
      assert.deepEqual([tags['latchkey:owner'], sourceIdentity], [hashOf(name), hashOf(name)]);
    });

  test('in words, which a tag takes and a source identity does not', () => {
    const { tags, sourceIdentity } = named('Zoë Müller');
    assert.deepEqual([tags['latchkey:principal'], sourceIdentity], ['Zoë Müller', hashOf('Zoë Müller')]);
  });
});

describe('roles of a target', () => {
  const target = { roleArn: 'arn:aws:iam::111122223333:role/latchkey-aws-reports', shards: 4 };

  test('are named after the first', () =>
    assert.deepEqual(rolesOf(target), [
      target.roleArn,
      ...[2, 3, 4].map((shard) => `${target.roleArn}-${shard}`),
    ]));

  test('share grants about evenly, and a grant always has the same', () => {
    const counts = new Map<string, number>();
    for (let index = 0; index < 4_000; index += 1) {
      const role = roleOfGrant(target, `g_${index}`);
      assert.equal(role, roleOfGrant(target, `g_${index}`));
      counts.set(role, (counts.get(role) ?? 0) + 1);
    }
    assert.equal(counts.size, 4);
    for (const count of counts.values()) assert.ok(count > 850 && count < 1_150, `${count}`);
  });

  test('one alone has them all', () =>
    assert.equal(roleOfGrant({ ...target, shards: 1 }, 'g_1'), target.roleArn));
});
