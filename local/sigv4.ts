import { createHash, createHmac, timingSafeEqual } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { AwsError } from './aws-error.ts';
import type { Session } from './sessions.ts';

const CLOCK_SKEW_MS = 5 * 60_000;
const AUTHORIZATION =
  /^AWS4-HMAC-SHA256 Credential=([^/,]+)\/(\d{8})\/([^/,]+)\/([^/,]+)\/aws4_request, ?SignedHeaders=([^,]+), ?Signature=([0-9a-f]{64})$/;

/** `date` is `20260302T100000Z`. */
type Scope = Readonly<Record<'date' | 'region' | 'service', string>>;

export const sha256 = (data: string | Buffer): string => createHash('sha256').update(data).digest('hex');
const hmac = (key: string | Buffer, text: string): Buffer => createHmac('sha256', key).update(text).digest();
const refuse = (code: string, message: string) => new AwsError(code, message, { status: 403 });
/** `sessionsNow` is the clock that sessions end by, where it is another than that of signatures. */
type Known = Readonly<{
  lookup(accessKeyId: string): Session | undefined;
  region: string;
  now: number;
  sessionsNow?: number;
}>;
const forged = (message: string) => refuse('InvalidSignatureException', message);

/** Verifies a request signed with AWS Signature Version 4 in its header. Throws `AwsError`; answers whose keys signed it. */
export const verifySigV4 = (
  request: IncomingMessage,
  body: Buffer,
  { lookup, region, now, sessionsNow = now }: Known,
): { caller: Session; service: string } => {
  const parsed = AUTHORIZATION.exec(request.headers.authorization ?? '');
  if (!parsed) throw refuse('MissingAuthenticationTokenException', 'Missing Authentication Token');
  const [, accessKeyId = '', day = '', scope = '', service = '', names = '', signature = ''] = parsed;
  const caller = lookup(accessKeyId);
  if (!caller || caller.sessionToken !== request.headers['x-amz-security-token'])
    throw refuse('UnrecognizedClientException', 'The security token included in the request is invalid.');
  if (caller.expiration !== undefined && sessionsNow >= caller.expiration)
    throw refuse('ExpiredTokenException', 'The security token included in the request is expired');
  const date = String(request.headers['x-amz-date']);
  if (Math.abs(now - timeOf(date)) > CLOCK_SKEW_MS || !date.startsWith(day))
    throw forged('Signature expired');
  if (scope !== region) throw forged('Credential should be scoped to a valid region.');
  const signed = names.split(';');
  if (MUST_BE_SIGNED.some((name) => name in request.headers && !signed.includes(name)))
    throw forged('Headers that had to be signed were not');
  const text = canonical(request, body, { signed, service });
  const wanted = signatureOf(text, { date, region, service }, caller.secretAccessKey);
  if (!timingSafeEqual(wanted, Buffer.from(signature, 'hex')))
    throw forged('The request signature does not match');
  return { caller, service };
};

/** The signature of a canonical request (AWS Signature Version 4), by whoever knows the secret. */
export const signatureOf = (request: string, { date, region, service }: Scope, secret: string): Buffer => {
  const scope = [date.slice(0, 8), region, service, 'aws4_request'];
  const toSign = ['AWS4-HMAC-SHA256', date, scope.join('/'), sha256(request)].join('\n');
  return [...scope, toSign].reduce<Buffer>(hmac, Buffer.from(`AWS4${secret}`));
};

export const timeOf = (date: string): number =>
  Date.parse(date.replace(/^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/, '$1-$2-$3T$4:$5:$6Z')) || 0;

/** Whichever of these a request has must be signed, or another could have set it. */
const MUST_BE_SIGNED = ['host', 'x-amz-date', 'x-amz-security-token', 'x-amz-tagging', 'x-amz-target'];

export const canonicalQuery = (query: Iterable<[string, string]>): string =>
  [...query]
    .map(([name, value]) => `${encode(name)}=${encode(value)}`)
    .sort()
    .join('&');

const encode = (text: string): string =>
  encodeURIComponent(text).replace(/[!'()*]/g, (sign) => `%${sign.charCodeAt(0).toString(16).toUpperCase()}`);

/**
 * Paths are encoded once more than they were sent, as every service but S3 wants it. The body is always part of it: an
 * `UNSIGNED-PAYLOAD` of S3 is refused as a wrong signature.
 */
const canonical = (
  request: IncomingMessage,
  body: Buffer,
  { signed, service }: { signed: readonly string[]; service: string },
): string => {
  const { pathname, searchParams } = new URL(request.url ?? '/', 'http://loopback');
  const valueIn = (name: string) => String(request.headers[name] ?? '').trim();
  const headers = signed.map((name) => `${name}:${valueIn(name).replace(/ +/g, ' ')}`);
  const path = service === 's3' ? pathname : pathname.split('/').map(encode).join('/');
  const head = [request.method, path, canonicalQuery(searchParams), ...headers];
  return [...head, '', signed.join(';'), sha256(body)].join('\n');
};
