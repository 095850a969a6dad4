import { Client } from 'pg';
import { PostgresCredentialView } from '../lambdas/http/credential-schemas.ts';
import type { KindAccess } from './kind-access.ts';

/** A connection over verified TLS, which the server ends. */
const postgresAccess = (resource: string, table: string): KindAccess => ({
  request: { resource, action: 'postgres:connect' },
  newHolder: () => ({
    async open(_stack, credential) {
      const { host, port, database, user, password, sslrootcert } =
        PostgresCredentialView.parse(credential).postgres;
      const client = new Client({ host, port, database, user, password, ssl: { ca: sslrootcert } });
      const { promise, resolve: cut } = Promise.withResolvers<number>();
      client.on('error', () => cut(performance.now()));
      client.on('end', () => cut(performance.now()));
      await client.connect();
      const use = async () => void (await client.query(`SELECT count(*) FROM ${table}`));
      await use().catch(async (error: unknown) => {
        await client.end();
        throw error;
      });
      return { use, cut: () => promise, close: () => client.end() };
    },
  }),
});

export const POSTGRES_ACCESS = postgresAccess('orders-db', 'orders');
/** Where users prove themselves by passwords that are computed. */
export const POSTGRES_PASSWORD_ACCESS = postgresAccess('tickets-db', 'tickets');
