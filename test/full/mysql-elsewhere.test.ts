import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { createConnection } from 'mysql2/promise';
import { startMysqlServer } from '../../examples/targets/mysql/start-server.ts';
import { asThemselves } from '../../lambdas/adapters/aws/administrator-keys.ts';
import { ownRdsSigner } from '../../lambdas/adapters/database/own-rds-signer.ts';
import type { SignOwn } from '../../lambdas/adapters/database/sign-own.ts';
import { mysqlTarget } from '../../lambdas/adapters/mysql/mysql-target.ts';
import type { MysqlResource } from '../../lambdas/core/config/resource.ts';
import { mysqlUser } from '../../lambdas/core/grant/ids.ts';
import { localCertificate } from '../../local/certificates.ts';
import { type AwsAccount, actAs, startAwsAccount, templateOf } from '../support/aws-account.ts';
import { asksFor, assertConfusedIsRefused, signersOn, THERE } from '../support/database-elsewhere.ts';
import { MYSQL_RESOURCE } from '../support/facts.ts';
import { newGrantId } from '../support/granted-roles.ts';
import { authenticationPlugin } from './mysql/authentication-plugin.ts';
import { isAccessDenied } from './mysql/granted-users.ts';
import { type IamDoor, openIamDoor } from './mysql/iam-door.ts';
import { serverMakes } from './mysql/servers.ts';

const SEED = `
CREATE DATABASE orders;
CREATE TABLE orders.orders (id int PRIMARY KEY);
`;

for (const make of serverMakes())
  describe(`a grant on ${make.name} of another account`, () => {
    const directory = mkdtempSync(join(tmpdir(), 'latchkey-mysql-elsewhere-'));
    const environment = { ...process.env };
    let account: AwsAccount;
    let door: IamDoor;
    let server: Awaited<ReturnType<typeof startMysqlServer>>;
    let resource: MysqlResource;

    before(async () => {
      const certificate = await localCertificate(directory);
      const { engine } = make;
      const made = { ...MYSQL_RESOURCE, target: { ...MYSQL_RESOURCE.target, ...THERE, engine } };
      account = await startAwsAccount(templateOf(made), THERE.account);
      const socket = join(directory, 'iam.sock');
      door = await openIamDoor(socket, made.target, account.sessions);
      server = await startMysqlServer({
        ...{ make, certificate, seed: SEED, directory: join(directory, 'server') },
        plugin: authenticationPlugin(join(directory, 'plugins'), socket),
      });
      door.endpoint = `localhost:${server.port}`;
      resource = { ...made, target: { ...made.target, port: server.port, caPem: certificate.certPem } };
      actAs(account, 'runner');
    });
    after(async () => {
      process.env = environment;
      await server?.stop();
      door?.server.close();
      await account?.close();
      rmSync(directory, { recursive: true, force: true });
    });

    const targetWith = (signOwn: SignOwn) => mysqlTarget({ signOwn, clock: Date.now });
    const logIn = async (user: string, password: string): Promise<void> => {
      const { host, port, caPem: ca } = resource.target;
      const connection = await createConnection({
        ...{ host, port, user, password, enableCleartextPlugin: true },
        ssl: { ca, rejectUnauthorized: true, verifyIdentity: true },
      });
      await connection.query('SELECT 1');
      await connection.end();
    };

    test('lives and ends by the roles that the construct makes there', async () => {
      const [id, { runner, vend }] = [newGrantId(), signersOn(account)];
      const target = targetWith(runner());
      const { open, close } = asksFor(resource, id);
      assert.equal(await target.open(open), 'opened');
      const { token } = await vend().sign(resource, mysqlUser(id));
      await logIn(mysqlUser(id), token);
      const { dead, error } = await target.close(close);
      assert.deepEqual([dead, error], [true, undefined]);
      await assert.rejects(logIn(mysqlUser(id), token), isAccessDenied);
    });

    test('is refused where the roles ask for another external id, and nothing counts as dead', () =>
      assertConfusedIsRefused(account, resource, targetWith));

    test('is refused to runner as itself, and its role to vend', async () => {
      const password = await ownRdsSigner(asThemselves)(resource, 'latchkey_admin');
      await assert.rejects(logIn('latchkey_admin', password), isAccessDenied);
      const signed = await signersOn(account).adminAsVend(resource);
      await assert.rejects(logIn('latchkey_admin', signed), isAccessDenied);
    });
  });
