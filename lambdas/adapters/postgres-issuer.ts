import type { Issuer } from '../app/ports-of-targets.ts';
import type { PostgresResource } from '../core/config/resource.ts';
import { databaseUser } from '../core/grant/ids.ts';
import { ok } from '../core/result.ts';
import type { DatabaseTokenSigner } from './rds-token-signer.ts';

/** The port `Issuer` for PostgreSQL: a token for the role that was made for the grant. */
export const postgresIssuer = (signer: DatabaseTokenSigner): Issuer<PostgresResource> => ({
  async issue({ resource, grant }) {
    const user = databaseUser(grant.id);
    const { token, expiresAt } = await signer.sign(resource, user);
    const { host, port, database, caPem } = resource.target;
    return ok({
      content: { kind: 'postgres', host, port, database, user, password: token, caPem },
      secret: token,
      expiresAt,
    });
  },
});
