import type { AddressInfo, Server } from 'node:net';
import { join } from 'node:path';
import type { LocalCertificate } from '../../local/certificates.ts';
import { listenOnLoopback } from '../../local/loopback.ts';
import type { Sessions } from '../../local/sessions.ts';
import type { LocalPostgres } from './postgres.ts';
import { createRdsFront, type RdsFrontOptions } from './rds-front.ts';
import { verifyRdsToken } from './rds-token.ts';

export interface RdsOptions {
  readonly certificate: LocalCertificate;
  readonly postgres: LocalPostgres;
  /** Asked at each login, because the sessions are made after the port is known. */
  readonly sessions: () => Sessions | undefined;
  readonly account: string;
  readonly resourceId: string;
  readonly region?: string;
  readonly port?: number | undefined;
  /** `password`: the server itself asks for them. */
  readonly auth?: 'iam' | 'password';
}

/** As RDS does, by inheritance: whoever may merely administer a member is none. */
const MEMBER =
  "SELECT FROM pg_roles WHERE rolname = $1 AND pg_has_role(oid, 'rds_iam', 'USAGE') AND NOT rolsuper";

/** An instance with IAM authentication: the token's signer must be allowed, and the user be a member of `rds_iam`. */
export const startRdsFront = async (options: RdsOptions): Promise<Server> => {
  const { postgres, account, resourceId, region = 'us-east-1' } = options;
  const usesIam = async (user: string): Promise<boolean> => {
    const client = await postgres.asSuperuser('postgres');
    const { rowCount } = await client.query(MEMBER, [user]).finally(() => client.end());
    return rowCount === 1;
  };
  const admits: RdsFrontOptions['admits'] = async ({ user, token }) => {
    const { port } = front.address() as AddressInfo;
    const sessions = options.sessions();
    if (!sessions) return false;
    const lookup = (id: string) => sessions.lookup(id);
    const endpoint = `localhost:${port}`;
    const session = verifyRdsToken({ token, user, endpoint, region, lookup, now: Date.now() });
    const resource = `arn:aws:rds-db:${region}:${account}:dbuser:${resourceId}/${user}`;
    if (!session || !sessions.isAllowed(session, { action: 'rds-db:connect', resource })) return false;
    return usesIam(user);
  };
  const front: Server = createRdsFront({
    certificate: options.certificate,
    upstream: join(postgres.socketDir, `.s.PGSQL.${postgres.port}`),
    admits: options.auth === 'password' ? undefined : admits,
  });
  await listenOnLoopback(front, options.port);
  return front;
};
