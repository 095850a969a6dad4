import { createConnection } from 'mysql2/promise';
import { MysqlCredentialView } from '../lambdas/http/credential-schemas.ts';
import type { KindAccess } from './kind-access.ts';

/** A connection over verified TLS, which the server ends. */
export const MYSQL_ACCESS: KindAccess = {
  request: { resource: 'stock-db', action: 'mysql:connect' },
  newHolder: () => ({
    async open(_stack, credential) {
      const { host, port, database, user, password, sslCa } = MysqlCredentialView.parse(credential).mysql;
      const { promise, resolve: cut } = Promise.withResolvers<number>();
      const ssl = { ca: sslCa, rejectUnauthorized: true, verifyIdentity: true };
      const connection = await createConnection({ host, port, database, user, password, ssl });
      connection.on('error', () => cut(performance.now()));
      connection.on('end', () => cut(performance.now()));
      const use = async () => void (await connection.query('SELECT COUNT(*) FROM articles'));
      await use().catch((error: unknown) => {
        connection.destroy();
        throw error;
      });
      return { use, cut: () => promise, close: async () => connection.destroy() };
    },
  }),
};
