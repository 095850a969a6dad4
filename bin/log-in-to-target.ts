import { ADMIN_USER, type SignOwn } from '../lambdas/adapters/database/sign-own.ts';
import { connect, type Session } from '../lambdas/adapters/postgres/session.ts';
import type { PostgresResource } from '../lambdas/core/config/resource.ts';
import { Mistakes } from './mistakes.ts';
import { printable } from './terminal.ts';

/**
 * Logs in to the target's own database as its administrator, as `runner` would, but signed with whatever `signOwn` has.
 * Throws `Mistakes` that say what to mend: the person at the keyboard, unlike a caller, may know what the server said.
 */
export const logInToTarget = async (resource: PostgresResource, signOwn: SignOwn): Promise<Session> => {
  const { database } = resource.target;
  return connect({ resource, user: ADMIN_USER, database, signOwn }).catch((error: unknown) => {
    const { host, port } = resource.target;
    const place = { file: `${host}:${port}`, path: `${ADMIN_USER} on ${database}` };
    throw new Mistakes([{ ...place, message: mendOf(error, resource) }]);
  });
};

const mendOf = (error: unknown, resource: PostgresResource): string => {
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  const name = error instanceof Error ? error.name : '';
  const said = error instanceof Error ? error.message : String(error);
  return `${printable(said || code || name)}. ${mendFor(`${code} ${name} ${said}`, resource)}`.trim();
};

/** From what the network, TLS, PostgreSQL or the SDK say, in the order in which a login meets them. */
const mendFor = (said: string, { target }: PostgresResource): string => {
  if (/Credential/.test(said)) return 'Sign in to AWS first: the token is signed with your own credentials.';
  if (/ENOTFOUND|ECONNREFUSED|EHOSTUNREACH|ETIMEDOUT|timeout/i.test(said))
    return 'It cannot be reached from here: run this where the database can be reached, inside its network.';
  if (/CERT|self-signed|certificate|ALTNAME/i.test(said))
    return 'The server does not prove itself by the pinned certificates: look at "tls.ca" and "host".';
  if (/\b(28000|28P01)\b/.test(said))
    return `Allow yourself rds-db:connect on dbuser:${target.resourceId}/${ADMIN_USER} in ${target.account}, and apply docs/targets/postgres.sql to the database.`;
  if (/\b3D000\b/.test(said)) return 'Name a database that exists.';
  if (/\b42501\b/.test(said)) return 'Apply docs/targets/postgres.sql to this database.';
  return '';
};
