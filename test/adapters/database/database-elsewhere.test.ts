import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import type { AddressInfo, Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, beforeEach, describe, test } from 'node:test';
import { Client } from 'pg';
import { SAMPLE_DATABASES } from '../../../examples/databases/sample-databases.ts';
import { type LocalPostgres, startPostgres } from '../../../examples/targets/postgres.ts';
import { startRdsFront } from '../../../examples/targets/rds.ts';
import { administratorKeys, asThemselves } from '../../../lambdas/adapters/aws/administrator-keys.ts';
import { stsSessions } from '../../../lambdas/adapters/aws/assume-role.ts';
import { ownRdsSigner } from '../../../lambdas/adapters/database/own-rds-signer.ts';
import type { SignOwn } from '../../../lambdas/adapters/database/sign-own.ts';
import { postgresTarget } from '../../../lambdas/adapters/postgres/postgres-target.ts';
import { DependencyUnavailable } from '../../../lambdas/app/ports.ts';
import type { MysqlResource, PostgresResource } from '../../../lambdas/core/config/resource.ts';
import { databaseUser } from '../../../lambdas/core/grant/ids.ts';
import { localCertificate } from '../../../local/certificates.ts';
import { trusts } from '../../../local/iam.ts';
import { FUNCTIONS } from '../../infra/sample-settings.ts';
import { type AwsAccount, actAs, startAwsAccount, TRUSTED, templateOf } from '../../support/aws-account.ts';
import { asksFor, assertConfusedIsRefused, signersOn, THERE } from '../../support/database-elsewhere.ts';
import { MYSQL_RESOURCE, RESOURCE } from '../../support/facts.ts';
import { newGrantId } from '../../support/granted-roles.ts';

/** The front is in a region of its own. */
const { region: REGION } = RESOURCE.target;

const directory = mkdtempSync(join(tmpdir(), 'latchkey-elsewhere-'));
const environment = { ...process.env };
let account: AwsAccount;
let postgres: LocalPostgres;
let front: Server;
let resource: PostgresResource;

before(async () => {
  const certificate = await localCertificate(directory);
  const orders = { ...RESOURCE, target: { ...RESOURCE.target, ...THERE, region: REGION } };
  account = await startAwsAccount(templateOf(orders), THERE.account);
  postgres = await startPostgres({ directory: join(directory, 'postgres'), databases: SAMPLE_DATABASES });
  front = await startRdsFront({
    ...{ certificate, postgres, sessions: () => account.sessions },
    ...{ account: THERE.account, resourceId: orders.target.resourceId },
  });
  const { port } = front.address() as AddressInfo;
  resource = { ...orders, target: { ...orders.target, port, caPem: certificate.certPem } };
  actAs(account, 'runner');
});
after(async () => {
  process.env = environment;
  await new Promise((done) => front.close(done).unref());
  await postgres.stop();
  await account.close();
  for (const left of [directory, postgres.directory]) rmSync(left, { recursive: true, force: true });
});
beforeEach(() => {
  account.calls.length = 0;
});

const targetWith = (signOwn: SignOwn) => postgresTarget({ signOwn, clock: Date.now });

const logIn = async (user: string, password: string): Promise<string> => {
  const { host, port, database, caPem } = resource.target;
  const ssl = { ca: caPem, rejectUnauthorized: true };
  const client = new Client({ host, port, database, user, password, ssl });
  client.on('error', () => undefined);
  try {
    await client.connect();
    return (await client.query('SELECT current_user AS who')).rows[0].who;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  } finally {
    await client.end().catch(() => undefined);
  }
};

describe('a grant on a database of another account', () => {
  test('lives and ends by the roles that the construct makes there', async () => {
    const [id, { runner, vend }] = [newGrantId(), signersOn(account)];
    const user = databaseUser(id);
    const target = targetWith(runner());
    const { open, close } = asksFor(resource, id);
    assert.equal(await target.open(open), 'opened');
    const { token } = await vend().sign(resource, user);
    assert.equal(await logIn(user, token), user);
    const { dead, error } = await target.close(close);
    assert.deepEqual([dead, error], [true, undefined]);
    assert.notEqual(await logIn(user, token), user);
    // One session each, kept by its function: one of runner and one of vend.
    assert.deepEqual(account.calls, ['sts:AssumeRole', 'sts:AssumeRole']);
  });

  test('is refused where the roles ask for another external id, and nothing counts as dead', () =>
    assertConfusedIsRefused(account, resource, targetWith));

  test('is refused to runner as itself', async () => {
    const password = await ownRdsSigner(asThemselves)(resource, 'latchkey_admin');
    assert.match(await logIn('latchkey_admin', password), /PAM authentication failed/);
  });

  test('is signed for by vend for users of grants alone: its role there may not be the administrator', async () => {
    const keysOf = administratorKeys({ assume: stsSessions(account.keysOf('vend')), clock: Date.now });
    await assert.rejects(
      async () => ownRdsSigner(keysOf)(resource, 'latchkey_admin'),
      DependencyUnavailable,
      'vend is not let into the role of the administrator',
    );
    const password = await signersOn(account).adminAsVend(resource);
    assert.match(await logIn('latchkey_admin', password), /PAM authentication failed/);
  });
});

for (const sample of [RESOURCE, MYSQL_RESOURCE] as const)
  describe(`the roles of a database elsewhere: ${sample.kind}`, () => {
    const made: PostgresResource | MysqlResource =
      sample.kind === 'mysql'
        ? { ...sample, target: { ...sample.target, ...THERE } }
        : { ...sample, target: { ...sample.target, ...THERE } };
    let there: AwsAccount;
    before(async () => {
      there = await startAwsAccount(templateOf(made), THERE.account);
    });
    after(() => there.close());

    const roleOf = (arn: string) => {
      const role = there.roles.find((one) => one.arn === arn);
      assert.ok(role);
      return role;
    };

    test('trust one function each, with the external id', () => {
      const { roleArn, administratorRoleArn, externalId } = THERE;
      for (const [arn, caller] of [
        [roleArn, TRUSTED.vendRoleArn],
        [administratorRoleArn, TRUSTED.runnerRoleArn],
      ]) {
        const isTrusted = (who: string, given: object) =>
          trusts(roleOf(arn).trust, who, {
            ...{ action: 'sts:AssumeRole', resource: arn },
            context: { 'sts:RoleSessionName': ['latchkey-runner'], ...given, 'aws:PrincipalArn': [who] },
          });
        const all = FUNCTIONS.map((name) => TRUSTED.vendRoleArn.replace('vend', name));
        assert.deepEqual(
          all.filter((who) => isTrusted(who, { 'sts:ExternalId': [externalId] })),
          [caller],
        );
        for (const given of [{}, { 'sts:ExternalId': ['somebody-elses'] }])
          assert.equal(isTrusted(caller, given), false);
      }
    });

    test('sign on one server, and vend’s for nobody but users of grants', () => {
      const { resourceId, region } = made.target;
      const may = (arn: string, server: string, user: string) =>
        there.sessions.isAllowed(arn, {
          action: 'rds-db:connect',
          resource: `arn:aws:rds-db:${region}:${THERE.account}:dbuser:${server}/${user}`,
        });
      const users = ['latchkey_admin', 'lk_grant', 'postgres'];
      const allowed = (arn: string, server: string) => users.filter((user) => may(arn, server, user));
      assert.deepEqual(allowed(THERE.roleArn, resourceId), ['lk_grant']);
      assert.deepEqual(allowed(THERE.administratorRoleArn, resourceId), ['latchkey_admin', 'lk_grant']);
      for (const arn of [THERE.roleArn, THERE.administratorRoleArn])
        assert.deepEqual(allowed(arn, 'db-ANOTHER'), []);
    });
  });
