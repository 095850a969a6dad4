import type { Issuer } from '../../app/ports-of-targets.ts';
import type { DatabaseResource } from '../../core/config/databases.ts';
import type { MysqlResource, PostgresResource } from '../../core/config/resource.ts';
import { grantPassword } from '../../core/database/grant-password.ts';
import { databaseUser, mysqlUser } from '../../core/grant/ids.ts';
import { ok } from '../../core/result.ts';
import type { EpochMs } from '../../core/time.ts';
import type { DatabaseTokenSigner } from './rds-token-signer.ts';

interface ProofSources {
  /** For databases with IAM authentication. */
  readonly signer: DatabaseTokenSigner;
  /** Answers the key that passwords of grants are made with. */
  readonly readKey: () => Promise<Uint8Array>;
}

interface Proof {
  readonly password: string;
  readonly expiresAt: EpochMs;
}

/** The port `Issuer` for PostgreSQL: what proves the role that was made for the grant. */
export const postgresIssuer = (sources: ProofSources): Issuer<PostgresResource> => ({
  async issue({ resource, grant }) {
    const user = databaseUser(grant.id);
    const { password, expiresAt } = await prove(sources, resource, user);
    const { host, port, database, caPem } = resource.target;
    return ok({
      content: { kind: 'postgres', host, port, database, user, password, caPem },
      secret: password,
      expiresAt,
    });
  },
});

/** The same for MySQL and MariaDB. */
export const mysqlIssuer = (sources: ProofSources): Issuer<MysqlResource> => ({
  async issue({ resource, grant }) {
    const user = mysqlUser(grant.id);
    const { password, expiresAt } = await prove(sources, resource, user);
    const { host, port, database, caPem, auth } = resource.target;
    return ok({
      content: { kind: 'mysql', host, port, database, user, password, caPem, clearText: auth === 'iam' },
      secret: password,
      expiresAt,
    });
  },
});

/** A token ends by itself; a password with its user, at the end of the grant. */
const prove = async (sources: ProofSources, resource: DatabaseResource, user: string): Promise<Proof> => {
  if (resource.target.auth === 'password') {
    const password = grantPassword(await sources.readKey(), resource.target, user);
    return { password, expiresAt: Number.POSITIVE_INFINITY };
  }
  const { token, expiresAt } = await sources.signer.sign(resource, user);
  return { password: token, expiresAt };
};
