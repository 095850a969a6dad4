import { createPublicKey, type JsonWebKey, type KeyObject } from 'node:crypto';
import type { Jwk as LibraryJwk } from 'aws-jwt-verify/jwk';
import * as z from 'zod';
import type { SigningAlgorithm } from '../core/config/issuer.ts';
import { RSA_MODULUS_MAX_BITS, RSA_MODULUS_MIN_BITS } from '../core/limits.ts';

/** One public key that may sign tokens, with the algorithms it is fit for: its own `alg`, or what its form allows. */
export interface SigningKey {
  readonly key: KeyObject;
  /** The same key as `aws-jwt-verify` wants to see it: public members only. */
  readonly jwk: LibraryJwk;
  readonly algorithms: readonly SigningAlgorithm[];
}

/** By key id. */
export type KeySet = ReadonlyMap<string, SigningKey>;

/** The issuer answered, and its answer cannot be trusted or used. `code` is for the log. */
export class KeySetRefused extends Error {
  override readonly name = 'KeySetRefused';
  readonly code: string;
  constructor(code: string) {
    super(`key set refused: ${code}`);
    this.code = code;
  }
}

/**
 * An issuer's key set as fetched → the keys that may sign. Refused whole, by a throw, when it holds a secret or one
 * key id twice: an issuer that publishes such a thing is broken or not itself. Keys of other uses and forms are
 * normal there and are left out, so that a token signed by one names an unknown key.
 */
export const parseKeySet = (bytes: Uint8Array): KeySet => {
  const keys = new Map<string, SigningKey>();
  const seen = new Set<string>();
  for (const jwk of parseJwks(bytes)) {
    if (jwk.kty === 'oct' || SECRET_MEMBERS.some((member) => Object.hasOwn(jwk, member))) {
      throw new KeySetRefused('holds_a_secret');
    }
    if (jwk.kid === undefined || jwk.use === 'enc') continue;
    if (seen.has(jwk.kid)) throw new KeySetRefused('key_id_twice');
    seen.add(jwk.kid);
    const key = signingKey(jwk);
    if (key !== undefined) keys.set(jwk.kid, key);
  }
  return keys;
};

/** Private members of RSA and elliptic keys, and the value of a symmetric one (RFC 7518 6). */
const SECRET_MEMBERS = ['d', 'p', 'q', 'dp', 'dq', 'qi', 'oth', 'k'];

const Text = z.string().optional();

const Jwks = z.object({
  keys: z.array(
    z.looseObject({
      kty: z.string(),
      kid: Text,
      use: Text,
      alg: Text,
      key_ops: z.array(z.string()).optional(),
      n: Text,
      e: Text,
      crv: Text,
      x: Text,
      y: Text,
    }),
  ),
});

type Jwk = z.infer<typeof Jwks>['keys'][number];

const parseJwks = (bytes: Uint8Array): readonly Jwk[] => {
  try {
    const text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
    return Jwks.parse(JSON.parse(text)).keys;
  } catch {
    throw new KeySetRefused('malformed');
  }
};

const signingKey = (jwk: Jwk): SigningKey | undefined => {
  if (jwk.use !== undefined && jwk.use !== 'sig') return undefined;
  if (jwk.key_ops?.includes('verify') === false) return undefined;
  const material = publicMembers(jwk);
  const key = importKey(material);
  if (key === undefined) return undefined;
  const algorithms = formAllows(key).filter((algorithm) => jwk.alg === undefined || jwk.alg === algorithm);
  return algorithms.length > 0 ? { key, jwk: material, algorithms } : undefined;
};

const publicMembers = ({ kty, kid, n, e, crv, x, y }: Jwk): LibraryJwk => {
  const members = Object.entries({ kid, n, e, crv, x, y }).filter(([, value]) => value !== undefined);
  return { kty, ...Object.fromEntries(members) };
};

/** OpenSSL also checks that a point lies on its curve. */
const importKey = (material: JsonWebKey): KeyObject | undefined => {
  try {
    return createPublicKey({ key: material, format: 'jwk' });
  } catch {
    return undefined;
  }
};

const RSA_ALGORITHMS: readonly SigningAlgorithm[] = ['RS256', 'RS384', 'RS512'];
const CURVE_ALGORITHMS: ReadonlyMap<string, SigningAlgorithm> = new Map([
  ['prime256v1', 'ES256'],
  ['secp384r1', 'ES384'],
  ['secp521r1', 'ES512'],
]);

const formAllows = (key: KeyObject): readonly SigningAlgorithm[] => {
  const { modulusLength = 0, publicExponent, namedCurve = '' } = key.asymmetricKeyDetails ?? {};
  if (key.asymmetricKeyType === 'rsa') {
    const isSound = modulusLength >= RSA_MODULUS_MIN_BITS && modulusLength <= RSA_MODULUS_MAX_BITS;
    return isSound && publicExponent === 65_537n ? RSA_ALGORITHMS : [];
  }
  const algorithm = CURVE_ALGORITHMS.get(namedCurve);
  return key.asymmetricKeyType === 'ec' && algorithm !== undefined ? [algorithm] : [];
};
