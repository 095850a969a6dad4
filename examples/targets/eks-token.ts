import { timingSafeEqual } from 'node:crypto';
import type { Session } from '../../local/sessions.ts';
import { canonicalQuery, sha256, signatureOf, timeOf } from '../../local/sigv4.ts';

/** What is looked at of whoever signed. */
type Signer = Pick<Session, 'secretAccessKey' | 'sessionToken' | 'expiration'>;

export interface IdentityAsk<S extends Signer> {
  /** Which cluster asks: it is part of what was signed. */
  readonly cluster: string;
  readonly region: string;
  readonly lookup: (accessKeyId: string) => S | undefined;
  readonly now: number;
}

const PREFIX = 'k8s-aws-v1.';
const MAX_BYTES = 4_096;
const MAX_AGE_MS = 900_000;
const CLOCK_SKEW_MS = 300_000;
/** In lower case, and no others; the session's own token only where there is one. */
const KEYS = [
  'action',
  'version',
  'x-amz-algorithm',
  'x-amz-credential',
  'x-amz-date',
  'x-amz-expires',
  'x-amz-security-token',
  'x-amz-signature',
  'x-amz-signedheaders',
];

/** The session that signed this token for this cluster, if one did and still may: the rules of EKS's authenticator, then those of STS. */
export const verifyEksToken = <S extends Signer>(token: string, ask: IdentityAsk<S>): S | undefined => {
  if (token.length > MAX_BYTES || !token.startsWith(PREFIX)) return undefined;
  const encoded = token.slice(PREFIX.length);
  const text = Buffer.from(encoded, 'base64url');
  if (text.toString('base64url') !== encoded) return undefined;
  return verifyIdentityUrl(text.toString(), ask);
};

/** The same of the address inside, as STS gets it from an authenticator that has put the cluster's name into the header. */
export const verifyIdentityUrl = <S extends Signer>(
  address: string,
  { cluster, region, lookup, now }: IdentityAsk<S>,
): S | undefined => {
  const url = URL.parse(address);
  const host = `sts.${region}.amazonaws.com`;
  if (!url || url.origin !== `https://${host}` || url.pathname !== '/' || url.hash !== '') return undefined;
  const query = new Map(url.searchParams);
  const names = [...url.searchParams.keys()].map((name) => name.toLowerCase());
  if (new Set(names).size !== names.length || !names.every((name) => KEYS.includes(name))) return undefined;
  const of = (name: string): string => query.get(name) ?? '';
  const [accessKeyId = '', day, scope, service = '', end] = of('X-Amz-Credential').split('/');
  const date = of('X-Amz-Date');
  const age = now - timeOf(date);
  const session = lookup(accessKeyId);
  const holds =
    of('Action') === 'GetCallerIdentity' &&
    of('Version') === '2011-06-15' &&
    of('X-Amz-Algorithm') === 'AWS4-HMAC-SHA256' &&
    of('X-Amz-SignedHeaders') === 'host;x-k8s-aws-id' &&
    [day, scope, service, end].join() === [date.slice(0, 8), region, 'sts', 'aws4_request'].join() &&
    /^\d{1,3}$/.test(of('X-Amz-Expires')) &&
    age <= MAX_AGE_MS &&
    age >= -CLOCK_SKEW_MS &&
    session?.sessionToken === of('X-Amz-Security-Token') &&
    now < (session.expiration ?? Number.POSITIVE_INFINITY);
  if (!holds) return undefined;
  const given = Buffer.from(of('X-Amz-Signature'), 'hex');
  query.delete('X-Amz-Signature');
  const headers = [`host:${host}`, `x-k8s-aws-id:${cluster}`, '', 'host;x-k8s-aws-id'];
  const request = ['GET', '/', canonicalQuery(query), ...headers, sha256('')].join('\n');
  const wanted = signatureOf(request, { date, region, service }, session.secretAccessKey);
  return given.length === wanted.length && timingSafeEqual(given, wanted) ? session : undefined;
};
