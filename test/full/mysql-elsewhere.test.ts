import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { createConnection } from 'mysql2/promise';
import { parse } from 'yaml';
import { startMysqlServer } from '../../examples/targets/mysql/start-server.ts';
import { administratorKeys, asThemselves } from '../../lambdas/adapters/aws/administrator-keys.ts';
import { stsSessions } from '../../lambdas/adapters/aws/assume-role.ts';
import { ownRdsSigner } from '../../lambdas/adapters/database/own-rds-signer.ts';
import { rdsTokenSigner } from '../../lambdas/adapters/database/rds-token-signer.ts';
import { mysqlTarget } from '../../lambdas/adapters/mysql/mysql-target.ts';
import { DependencyUnavailable } from '../../lambdas/app/ports.ts';
import type { MysqlResource } from '../../lambdas/core/config/resource.ts';
import { mysqlUser } from '../../lambdas/core/grant/ids.ts';
import { localCertificate } from '../../local/certificates.ts';
import { type AwsAccount, actAs, startAwsAccount, templateOf } from '../support/aws-account.ts';
import { ACTIVATING, MYSQL_RESOURCE } from '../support/facts.ts';
import { newGrantId } from '../support/granted-roles.ts';
import { authenticationPlugin } from './mysql/authentication-plugin.ts';
import { isAccessDenied } from './mysql/granted-users.ts';
import { type IamDoor, openIamDoor } from './mysql/iam-door.ts';
import { serverMakes } from './mysql/servers.ts';

/** What the page has to be said of a database in another account. */
const PAGE = readFileSync('docs/targets/postgres.md', 'utf8');
const { target: THERE } = parse(/```yaml\n(target:\n[\s\S]*?)```/.exec(PAGE)?.[1] ?? '');
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

    const runner = () => {
      const keysOf = administratorKeys({ assume: stsSessions(account.keysOf('runner')), clock: Date.now });
      return mysqlTarget({ signOwn: ownRdsSigner(keysOf), clock: Date.now });
    };
    const vend = () => rdsTokenSigner({ assume: stsSessions(account.keysOf('vend')), clock: Date.now });
    const openAsk = (id: string, to = resource) => ({
      resource: to,
      grant: { ...ACTIVATING, kind: 'mysql' as const, id },
      isStillWanted: async () => true,
    });
    const closeAsk = (id: string, to = resource) => ({
      ...{ resource: to, grantId: id, grant: undefined, since: Date.now() },
    });
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
      const id = newGrantId();
      const target = runner();
      assert.equal(await target.open(openAsk(id)), 'opened');
      const { token } = await vend().sign(resource, mysqlUser(id));
      await logIn(mysqlUser(id), token);
      const { dead, error } = await target.close(closeAsk(id));
      assert.deepEqual([dead, error], [true, undefined]);
      await assert.rejects(logIn(mysqlUser(id), token), isAccessDenied);
    });

    test('is refused where the roles ask for another external id, and nothing counts as dead', async () => {
      const confused = { ...resource, target: { ...resource.target, externalId: 'somebody-elses' } };
      const id = newGrantId();
      await assert.rejects(runner().open(openAsk(id, confused)), DependencyUnavailable);
      await assert.rejects(vend().sign(confused, mysqlUser(id)), DependencyUnavailable);
      assert.equal((await runner().close(closeAsk(id, confused))).dead, false);
    });

    test('is refused to runner as itself, and its role to vend', async () => {
      const password = await ownRdsSigner(asThemselves)(resource, 'latchkey_admin');
      await assert.rejects(logIn('latchkey_admin', password), isAccessDenied);
      const { roleArn = '', externalId } = resource.target;
      const ask = { roleArn, externalId, sessionName: 'latchkey-vend', seconds: 900 };
      const { keys } = await stsSessions(account.keysOf('vend'))(ask);
      const signed = await ownRdsSigner(async () => keys)(resource, 'latchkey_admin');
      await assert.rejects(logIn('latchkey_admin', signed), isAccessDenied);
    });
  });
