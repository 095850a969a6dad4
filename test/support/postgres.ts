import { mkdtempSync, rmSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Signer } from '@aws-sdk/rds-signer';
import { Client } from 'pg';
import { SAMPLE_DATABASES } from '../../examples/databases/sample-databases.ts';
import { startPostgres } from '../../examples/targets/postgres.ts';
import { startRdsFront } from '../../examples/targets/rds.ts';
import type { SignOwn } from '../../lambdas/adapters/database/sign-own.ts';
import type { PostgresResource } from '../../lambdas/core/config/resource.ts';
import { localCertificate } from '../../local/certificates.ts';
import { parsePolicy } from '../../local/iam.ts';
import { Sessions } from '../../local/sessions.ts';
import { RESOURCE } from './facts.ts';

const ROLE = 'arn:aws:iam::000000000000:role/test-signer';

/**
 * A real PostgreSQL behind the front, and sessions that may sign for our own users on it. `binaries` are those of
 * another major version.
 */
export const startDatabase = async (binaries?: string) => {
  const directory = mkdtempSync(join(tmpdir(), 'latchkey-test-'));
  const certificate = await localCertificate(directory);
  const postgres = await startPostgres({
    directory: join(directory, 'postgres'),
    databases: SAMPLE_DATABASES,
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
  });
  const { port } = front.address() as AddressInfo;
  const resource: PostgresResource = {
    ...RESOURCE,
    target: { ...RESOURCE.target, port, caPem: certificate.certPem, resourceId: 'db-TEST' },
  };
  const session = sessions.issue({ roleArn: ROLE, name: 'test' });
  const { accessKeyId, secretAccessKey, sessionToken } = session;
  const keys = { accessKeyId, secretAccessKey, sessionToken };
  const signOwn: SignOwn = ({ target }, username) =>
    new Signer({
      hostname: target.host,
      port: target.port,
      region: target.region,
      username,
      credentials: keys,
    }).getAuthToken();
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

export type TestDatabase = Awaited<ReturnType<typeof startDatabase>>;
