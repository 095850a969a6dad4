import { createHmac, generateKeyPairSync, type JsonWebKey, type KeyObject, sign } from 'node:crypto';

/** A key pair as an issuer holds it, and its public half as the issuer publishes it. */
export interface IssuerKey {
  readonly privateKey: KeyObject;
  readonly publicKey: KeyObject;
  readonly jwk: JsonWebKey & { kid: string };
}

export const ecKey = (kid: string, namedCurve = 'P-256'): IssuerKey =>
  asIssuerKey(kid, generateKeyPairSync('ec', { namedCurve }));

export const rsaKey = (kid: string, modulusLength = 2_048, publicExponent = 65_537): IssuerKey =>
  asIssuerKey(kid, generateKeyPairSync('rsa', { modulusLength, publicExponent }));

const asIssuerKey = (
  kid: string,
  { privateKey, publicKey }: { privateKey: KeyObject; publicKey: KeyObject },
): IssuerKey => ({ privateKey, publicKey, jwk: { ...publicKey.export({ format: 'jwk' }), kid } });

export const encodePart = (value: unknown): string =>
  Buffer.from(typeof value === 'string' ? value : JSON.stringify(value)).toString('base64url');

/** Signs whatever it is told to, also what no proper library would. The hash follows `alg`. */
export const signToken = (header: object, payload: unknown, { privateKey }: IssuerKey): string => {
  const input = `${encodePart(header)}.${encodePart(payload)}`;
  const bits = 'alg' in header && header.alg === 'ES384' ? 384 : 256;
  const signature = sign(`sha${bits}`, Buffer.from(input), { key: privateKey, dsaEncoding: 'ieee-p1363' });
  return `${input}.${signature.toString('base64url')}`;
};

/** What an attacker can do who knows only public things. */
export const hmacToken = (header: object, payload: unknown, secret: string | Buffer): string => {
  const input = `${encodePart(header)}.${encodePart(payload)}`;
  return `${input}.${createHmac('sha256', secret).update(input).digest('base64url')}`;
};
