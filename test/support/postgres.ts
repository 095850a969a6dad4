import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Signer } from '@aws-sdk/rds-signer';
import { Client } from 'pg';
import { SAMPLE_DATABASES } from '../../examples/databases/sample-databases.ts';
import { startPostgres } from '../../examples/targets/postgres.ts';
import { startRdsFront } from '../../examples/targets/rds.ts';
import { ADMIN_USER, type SignOwn } from '../../lambdas/adapters/database/sign-own.ts';
import type { PostgresResource } from '../../lambdas/core/config/resource.ts';
import { grantPassword } from '../../lambdas/core/database/grant-password.ts';
import { localCertificate } from '../../local/certificates.ts';
import { parsePolicy } from '../../local/iam.ts';
import { Sessions } from '../../local/sessions.ts';
import { RESOURCE } from './facts.ts';

export const ADMIN_PASSWORD = randomBytes(30).toString('base64url');
export const ADMIN_SECRET = 'arn:aws:secretsmanager:us-east-1:000000000000:secret:orders-admin-abcdef';
const ROLE = 'arn:aws:iam::000000000000:role/test-signer';

/**
 * A real PostgreSQL behind the front, and sessions that may sign for our own users on it. `binaries` are those of
 * another major version.
 */
export const startDatabase = async (binaries?: string, auth: 'iam' | 'password' = 'iam') => {
  const directory = mkdtempSync(join(tmpdir(), 'latchkey-test-'));
  const certificate = await localCertificate(directory);
  const postgres = await startPostgres({
    directory: join(directory, 'postgres'),
    databases: SAMPLE_DATABASES,
    adminPassword: auth === 'password' ? ADMIN_PASSWORD : undefined,
    ...(binaries === undefined ? {} : { binaries }),
  });
  const users = ['latchkey_admin', 'lk_*'].map(
    (user) => `arn:aws:rds-db:us-east-1:000000000000:dbuser:db-TEST/${user}`,
  );
  const may = { Effect: 'Allow', Action: 'rds-db:connect', Resource: users };
  const policies = [parsePolicy({ Version: '2012-10-17', Statement: [may] })];
  const trust = parsePolicy({ Version: '2012-10-17', Statement: [] });
  const sessions = new Sessions([{ arn: ROLE, policies, trust, maxSessionSeconds: 3_600 }]);
  const front = await startRdsFront({
    certificate,
    postgres,
    sessions: () => sessions,
    account: '000000000000',
    resourceId: 'db-TEST',
    auth,
  });
  const { port } = front.address() as AddressInfo;
  const resource: PostgresResource = {
    ...RESOURCE,
    target: { ...RESOURCE.target, ...loginOf(auth), port, caPem: certificate.certPem, resourceId: 'db-TEST' },
  };
  const session = sessions.issue({ roleArn: ROLE, name: 'test' });
  const { accessKeyId, secretAccessKey, sessionToken } = session;
  const keys = { accessKeyId, secretAccessKey, sessionToken };
  const key = randomBytes(32);
  const signToken: SignOwn = ({ target }, username) =>
    new Signer({
      hostname: target.host,
      port: target.port,
      region: target.region,
      username,
      credentials: keys,
    }).getAuthToken();
  const signOwn: SignOwn = async (target, username) => {
    if (auth === 'iam') return signToken(target, username);
    return username === ADMIN_USER ? ADMIN_PASSWORD : grantPassword(key, target.target, username);
  };
  return {
    resource,
    postgres,
    sessions,
    session,
    signOwn,
    certificate,
    /** As a caller would with what was vended. */
    async logIn(user: string, change: object = {}): Promise<Client> {
      const { host, database, caPem } = resource.target;
      const client = new Client({
        host,
        port,
        database,
        user,
        password: await signOwn(resource, user),
        ssl: { ca: caPem, rejectUnauthorized: true },
        ...change,
      });
      client.on('error', () => undefined);
      await client.connect();
      return client;
    },
    async stop() {
      await new Promise((done) => front.close(done).unref());
      await postgres.stop();
      for (const left of [directory, postgres.directory]) rmSync(left, { recursive: true, force: true });
    },
  };
};

const loginOf = (auth: 'iam' | 'password') =>
  auth === 'iam' ? {} : { auth, roleArn: undefined, adminSecretArn: ADMIN_SECRET };

export type TestDatabase = Awaited<ReturnType<typeof startDatabase>>;
