import { timingSafeEqual } from 'node:crypto';
import type { Session } from '../../local/sessions.ts';
import { canonicalQuery, sha256, signatureOf, timeOf } from '../../local/sigv4.ts';

export interface TokenAsk {
  readonly token: string;
  readonly user: string;
  /** `host:port` as the instance knows itself. */
  readonly endpoint: string;
  /** Of the instance, whatever the signer's own. */
  readonly region: string;
  readonly lookup: (accessKeyId: string) => Session | undefined;
  readonly now: number;
}

const MAX_AGE_SECONDS = 900;
const CLOCK_SKEW_MS = 300_000;

/** The session that signed this presigned `rds-db:connect` for this user and instance, if one did and still may. */
export const verifyRdsToken = (ask: TokenAsk): Session | undefined => {
  const { token, user, endpoint, region, lookup, now } = ask;
  const url = URL.parse(`https://${token}`);
  const query = new Map(url?.searchParams);
  if (!url || url.host !== endpoint || url.pathname !== '/' || query.size !== url.searchParams.size)
    return undefined;
  const of = (name: string): string => query.get(name) ?? '';
  const [accessKeyId = '', day, scope, service = '', end] = of('X-Amz-Credential').split('/');
  const date = of('X-Amz-Date');
  const age = now - timeOf(date);
  const expires = Number(of('X-Amz-Expires'));
  const session = lookup(accessKeyId);
  const holds =
    of('Action') === 'connect' &&
    of('DBUser') === user &&
    of('X-Amz-Algorithm') === 'AWS4-HMAC-SHA256' &&
    of('X-Amz-SignedHeaders') === 'host' &&
    [day, scope, service, end].join() === [date.slice(0, 8), region, 'rds-db', 'aws4_request'].join() &&
    expires > 0 &&
    expires <= MAX_AGE_SECONDS &&
    age <= expires * 1000 &&
    age >= -CLOCK_SKEW_MS &&
    session?.sessionToken === of('X-Amz-Security-Token') &&
    now < (session.expiration ?? Number.POSITIVE_INFINITY);
  if (!holds) return undefined;
  const given = Buffer.from(of('X-Amz-Signature'), 'hex');
  query.delete('X-Amz-Signature');
  const request = ['GET', '/', canonicalQuery(query), `host:${url.host}`, '', 'host', sha256('')].join('\n');
  const wanted = signatureOf(request, { date, region, service }, session.secretAccessKey);
  return given.length === wanted.length && timingSafeEqual(given, wanted) ? session : undefined;
};
