import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { createSecrets } from '../../local/secrets.ts';

const directory = mkdtempSync(join(tmpdir(), 'latchkey-secrets-'));
after(() => rmSync(directory, { recursive: true, force: true }));

const ADMIN = 'arn:aws:secretsmanager:us-east-1:000000000000:secret:admin-000000';
const OTHER = 'arn:aws:secretsmanager:us-east-1:000000000000:secret:other-000000';
const [SecretId, VersionStages] = [ADMIN, ['AWSPENDING']];
const newSecrets = (file?: string) => createSecrets({ [ADMIN]: 'first', [OTHER]: 'of another' }, file);
const read = (secrets: ReturnType<typeof newSecrets>, VersionStage?: string, id = ADMIN) =>
  secrets.call('GetSecretValue', { SecretId: id, VersionStage }) as Readonly<Record<string, unknown>>;
const put = (secrets: ReturnType<typeof newSecrets>, SecretString: string, ClientRequestToken = 'second') =>
  secrets.call('PutSecretValue', { SecretId, SecretString, ClientRequestToken, VersionStages });
const promote = (secrets: ReturnType<typeof newSecrets>, from: string, to: string) =>
  secrets.call('UpdateSecretVersionStage', {
    ...{ SecretId, VersionStage: 'AWSCURRENT' },
    ...{ RemoveFromVersionId: from, MoveToVersionId: to },
  });

test('a secret is what was given, written long ago, until another version is made the current one', () => {
  const secrets = newSecrets();
  assert.deepEqual(read(secrets), { ARN: ADMIN, VersionId: 'first', SecretString: 'first', CreatedDate: 0 });
  assert.throws(() => read(secrets, 'AWSPENDING'), { code: 'ResourceNotFoundException' });
  put(secrets, 'next');
  assert.equal(read(secrets).SecretString, 'first');
  assert.equal(read(secrets, 'AWSPENDING').SecretString, 'next');
  promote(secrets, 'first', 'second');
  const { SecretString, CreatedDate } = read(secrets);
  assert.equal(SecretString, 'next');
  assert.ok(Math.abs(Number(CreatedDate) - Date.now() / 1000) < 60);
  assert.equal(read(secrets, undefined, OTHER).SecretString, 'of another');
});

test('a second successor of one version, or a move from where it is not, is refused', () => {
  const secrets = newSecrets();
  put(secrets, 'next');
  put(secrets, 'next');
  assert.throws(() => put(secrets, 'of somebody else'), { code: 'ResourceExistsException' });
  for (const [from, to] of [
    ['second', 'second'],
    ['first', 'third'],
  ] as const)
    assert.throws(() => promote(secrets, from, to), { code: 'InvalidParameterException' });
  assert.equal(read(secrets).SecretString, 'first');
});

test('what it does not do is refused', () => {
  const secrets = newSecrets();
  const asked = { SecretId, SecretString: 'next' };
  assert.throws(() => secrets.call('PutSecretValue', asked), { code: 'InvalidParameterException' });
  assert.throws(() => secrets.call('DeleteSecret', asked), { code: 'UnknownOperationException' });
  const unknown = { ...asked, SecretId: `${ADMIN}x`, VersionStages };
  assert.throws(() => secrets.call('PutSecretValue', unknown), { code: 'ResourceNotFoundException' });
});

test('what was put is there after a restart, in a file that nobody else may read', () => {
  const file = join(directory, 'versions.json');
  const before = newSecrets(file);
  put(before, 'next');
  promote(before, 'first', 'second');
  assert.equal(read(newSecrets(file)).SecretString, 'next');
  assert.equal(statSync(file).mode & 0o777, 0o600);
});
