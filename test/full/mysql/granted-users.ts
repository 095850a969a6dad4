import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Signer } from '@aws-sdk/rds-signer';
import { type Connection, createConnection } from 'mysql2/promise';
import type { ServerMake } from '../../../examples/targets/mysql/find-mariadb.ts';
import { startMysqlServer } from '../../../examples/targets/mysql/start-server.ts';
import type { SignOwn } from '../../../lambdas/adapters/database/sign-own.ts';
import { mysqlTarget } from '../../../lambdas/adapters/mysql/mysql-target.ts';
import type { CloseReport } from '../../../lambdas/app/ports-of-targets.ts';
import type { MysqlResource } from '../../../lambdas/core/config/resource.ts';
import { grantPassword } from '../../../lambdas/core/database/grant-password.ts';
import { mysqlUser } from '../../../lambdas/core/grant/ids.ts';
import { localCertificate } from '../../../local/certificates.ts';
import { parsePolicy } from '../../../local/iam.ts';
import { Sessions } from '../../../local/sessions.ts';
import { ACTIVATING, MYSQL_RESOURCE } from '../../support/facts.ts';
import { newGrantId } from '../../support/granted-roles.ts';
import { authenticationPlugin } from './authentication-plugin.ts';
import { openIamDoor } from './iam-door.ts';

/** *Access denied*. For a user that does not exist, a server feigns the ways of some other user, and so says it in either form. */
export const isAccessDenied = (error: unknown): boolean =>
  error instanceof Error && 'errno' in error && (error.errno === 1045 || error.errno === 1698);

export interface GrantedUser {
  readonly id: string;
  readonly user: string;
  /** A session as the caller would have it. */
  logIn(change?: object): Promise<Connection>;
  close(): Promise<CloseReport>;
}

export type GrantedUsers = Awaited<ReturnType<typeof startGrantedUsers>>;

const ROLE = 'arn:aws:iam::000000000000:role/test-signer';
const SEED = `
CREATE DATABASE orders;
CREATE TABLE orders.orders (id int AUTO_INCREMENT PRIMARY KEY, item varchar(40) NOT NULL);
INSERT INTO orders.orders (item) VALUES ('apple'), ('pear'), ('plum');
CREATE DATABASE payroll;
CREATE TABLE payroll.salaries (id int PRIMARY KEY);
`;
const ADMIN_PASSWORD = randomBytes(30).toString('base64url');

const sessionsOfSigner = (): Sessions => {
  const users = ['latchkey_admin', 'lk_*'].map(
    (user) => `arn:aws:rds-db:us-east-1:000000000000:dbuser:db-TEST/${user}`,
  );
  const may = { Effect: 'Allow', Action: 'rds-db:connect', Resource: users };
  const policies = [parsePolicy({ Version: '2012-10-17', Statement: [may] })];
  const trust = parsePolicy({ Version: '2012-10-17', Statement: [] });
  return new Sessions([{ arn: ROLE, policies, trust, maxSessionSeconds: 3_600 }]);
};

/** A server with the port on it, and whatever grants a test opens. Every session is closed with it. */
export const startGrantedUsers = async (make: ServerMake, auth: MysqlResource['target']['auth']) => {
  const directory = mkdtempSync(join(tmpdir(), 'latchkey-mysql-'));
  const certificate = await localCertificate(directory);
  const sessions = sessionsOfSigner();
  const iamSocket = join(directory, 'iam.sock');
  const door = await openIamDoor(iamSocket, MYSQL_RESOURCE.target, sessions);
  const server = await startMysqlServer({
    make,
    certificate,
    directory: join(directory, 'server'),
    plugin: authenticationPlugin(join(directory, 'plugins'), iamSocket),
    seed: SEED,
    adminPassword: auth === 'password' ? ADMIN_PASSWORD : undefined,
  });
  door.endpoint = `localhost:${server.port}`;
  const resource: MysqlResource = {
    ...MYSQL_RESOURCE,
    target: {
      ...MYSQL_RESOURCE.target,
      engine: make.engine,
      auth,
      port: server.port,
      caPem: certificate.certPem,
    },
  };
  const { accessKeyId, secretAccessKey, sessionToken } = sessions.issue({ roleArn: ROLE, name: 'test' });
  const credentials = { accessKeyId, secretAccessKey, sessionToken };
  const key = randomBytes(32);
  const signOwn: SignOwn = async ({ target }, username) => {
    const { host: hostname, port, region } = target;
    if (target.auth === 'password')
      return username === 'latchkey_admin' ? ADMIN_PASSWORD : grantPassword(key, target, username);
    return new Signer({ hostname, port, region, username, credentials }).getAuthToken();
  };
  const target = mysqlTarget({ signOwn, clock: Date.now });
  const root = await server.asRoot();
  const open: Connection[] = [root];
  const logIn = async (user: string, change: object = {}): Promise<Connection> => {
    const connection = await createConnection({
      host: 'localhost',
      port: server.port,
      user,
      password: await signOwn(resource, user),
      database: resource.target.database,
      enableCleartextPlugin: true,
      ssl: { ca: certificate.certPem, rejectUnauthorized: true, verifyIdentity: true },
      ...change,
    });
    connection.on('error', () => undefined);
    open.push(connection);
    return connection;
  };
  return {
    resource,
    target,
    signOwn,
    root,
    certificate,
    logIn,
    /** One statement of the instance's own superuser: its first row. */
    async look(text: string, values: string[] = []): Promise<Record<string, unknown> | undefined> {
      const [rows] = await root.query(text, values);
      return Array.isArray(rows) ? (rows[0] as Record<string, unknown>) : undefined;
    },
    /** One statement of the same, for its effect. */
    async run(text: string): Promise<void> {
      await root.query(text);
    },
    /** How far the instance's clock is ahead of ours, with IAM authentication. */
    setSkew(ms: number): void {
      door.skewMs = ms;
    },
    async open(isStillWanted = async () => true): Promise<GrantedUser> {
      const id = newGrantId();
      await target.open({
        resource,
        grant: { ...ACTIVATING, kind: 'mysql', action: 'mysql:connect', id },
        isStillWanted,
      });
      const user = mysqlUser(id);
      return {
        id,
        user,
        logIn: (change = {}) => logIn(user, change),
        close: () => target.close({ resource, grantId: id, grant: undefined, since: Date.now() }),
      };
    },
    async exists(user: string): Promise<boolean> {
      const [rows] = await root.query('SELECT 1 FROM mysql.user WHERE User = ?', [user]);
      return Array.isArray(rows) && rows.length > 0;
    },
    async stop(): Promise<void> {
      for (const connection of open) connection.destroy();
      await server.stop();
      door.server.close();
      rmSync(directory, { recursive: true, force: true });
    },
  };
};
