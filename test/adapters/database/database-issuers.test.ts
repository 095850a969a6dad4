import assert from 'node:assert/strict';
import { test } from 'node:test';
import { mysqlIssuer, postgresIssuer } from '../../../lambdas/adapters/database/database-issuers.ts';
import { passwordKey } from '../../../lambdas/adapters/database/password-key.ts';
import type { DatabaseTokenSigner } from '../../../lambdas/adapters/database/rds-token-signer.ts';
import { DependencyUnavailable } from '../../../lambdas/app/ports.ts';
import { grantPassword } from '../../../lambdas/core/database/grant-password.ts';
import type { ActiveGrant } from '../../../lambdas/core/grant/grant.ts';
import { databaseUser, mysqlUser } from '../../../lambdas/core/grant/ids.ts';
import { ACTIVATING, MYSQL_RESOURCE, NOW, RESOURCE } from '../../support/facts.ts';

const { activateBy: _, ...activating } = ACTIVATING;
const GRANT: ActiveGrant = { ...activating, state: 'active', activatedAt: NOW, credentialsIssued: 0 };
const KEY = Buffer.alloc(32, 7);
const asked: string[] = [];
const signer: DatabaseTokenSigner = {
  async sign(_resource, user) {
    asked.push(user);
    return { token: `token of ${user}`, expiresAt: NOW + 900_000 };
  },
};
const sources = { signer, readKey: async () => KEY };

const BY_PASSWORD = { auth: 'password', roleArn: undefined, adminSecretArn: 'arn' } as const;
const withPasswords = <R extends { readonly target: object }>(resource: R): R => ({
  ...resource,
  target: { ...resource.target, ...BY_PASSWORD },
});

test('with IAM authentication a token is signed for the user of the grant, under its name at that server', async () => {
  asked.length = 0;
  const postgres = await postgresIssuer(sources).issue({ resource: RESOURCE, grant: GRANT, id: 'c_1' });
  const mysql = await mysqlIssuer(sources).issue({ resource: MYSQL_RESOURCE, grant: GRANT, id: 'c_2' });
  assert.deepEqual(asked, [databaseUser(GRANT.id), mysqlUser(GRANT.id)]);
  assert.ok(postgres.ok && mysql.ok && mysql.value.content.kind === 'mysql');
  assert.deepEqual([postgres.value.expiresAt, mysql.value.expiresAt], [NOW + 900_000, NOW + 900_000]);
  assert.equal(mysql.value.content.clearText, true);
});

test('a password is the one that its user was given at the server, and nobody signs for it', async () => {
  asked.length = 0;
  const [postgres, shop] = [withPasswords(RESOURCE), withPasswords(MYSQL_RESOURCE)];
  const first = await postgresIssuer(sources).issue({ resource: postgres, grant: GRANT, id: 'c_1' });
  const second = await mysqlIssuer(sources).issue({ resource: shop, grant: GRANT, id: 'c_2' });
  assert.ok(first.ok && second.ok && second.value.content.kind === 'mysql');
  assert.equal(first.value.secret, grantPassword(KEY, RESOURCE.target, databaseUser(GRANT.id)));
  assert.equal(second.value.secret, grantPassword(KEY, MYSQL_RESOURCE.target, mysqlUser(GRANT.id)));
  assert.notEqual(first.value.secret, second.value.secret);
  assert.equal(second.value.content.clearText, false);
  assert.deepEqual(asked, []);
});

test('without a key there is no password', async () => {
  const readKey = passwordKey(undefined, () => NOW);
  const issuing = postgresIssuer({ signer, readKey }).issue({
    resource: withPasswords(RESOURCE),
    grant: GRANT,
    id: 'c_1',
  });
  await assert.rejects(issuing, DependencyUnavailable);
});
