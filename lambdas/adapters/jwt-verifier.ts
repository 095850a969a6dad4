import { verifyJwtSync } from 'aws-jwt-verify/jwt-verifier';
import type { Clock } from '../app/ports.ts';
import type { IssuerProfile } from '../core/config/issuer.ts';
import { checkToken } from '../core/identity/check-token.ts';
import { type DecodedToken, decodeToken, own } from '../core/identity/decode-token.ts';
import type { VerifiedToken } from '../core/identity/find-principal.ts';
import { tokenFingerprint } from '../core/identity/token-fingerprint.ts';
import type { TokenRefusal } from '../core/identity/token-refusal.ts';
import { TOKEN_CLOCK_SKEW_SECONDS } from '../core/limits.ts';
import { fail, ok, type Result } from '../core/result.ts';
import { fetchKeySet } from './fetch-key-set.ts';
import { createIssuerKeys, type FindKey } from './issuer-keys.ts';
import type { SigningKey } from './key-set.ts';

/** Why, and of which configured issuer; `issuer` is undefined when the token names none of ours. */
export interface RefusedToken {
  readonly reason: TokenRefusal;
  readonly issuer: string | undefined;
}

/** Refuses by value. Throws `DependencyUnavailable` only: the issuer's keys could not be read, so nobody can tell. */
export type VerifyToken = (token: string) => Promise<Result<VerifiedToken, RefusedToken>>;

export interface JwtVerifierDeps {
  readonly issuers: readonly IssuerProfile[];
  readonly clock: Clock;
  readonly findKey?: FindKey;
}

export const createJwtVerifier = (deps: JwtVerifierDeps): VerifyToken => {
  const { clock, findKey = createIssuerKeys({ fetchKeySet, clock }) } = deps;
  const profiles = new Map(deps.issuers.map((profile) => [profile.issuer, profile]));

  return async (token) => {
    const decoded = decodeToken(token);
    if (!decoded.ok) return refused(decoded.failure, undefined);
    const profile = profileOf(decoded.value, profiles);
    if (profile === undefined) return refused('issuer_unknown', undefined);
    const claims = checkToken(decoded.value, profile, clock());
    if (!claims.ok) return refused(claims.failure, profile);
    const { header } = decoded.value;
    const key = await findKey(profile.jwksUri, String(own(header, 'kid')));
    if (key === undefined) return refused('key_unknown', profile);
    const isFit = key.algorithms.some((algorithm) => algorithm === own(header, 'alg'));
    if (!isFit || !isSigned(token, key, profile)) return refused('signature_wrong', profile);
    return ok({ claims: claims.value, profile, fingerprint: tokenFingerprint(token) });
  };
};

const profileOf = (
  { payload }: DecodedToken,
  profiles: ReadonlyMap<string, IssuerProfile>,
): IssuerProfile | undefined => {
  const issuer = own(payload, 'iss');
  return typeof issuer === 'string' ? profiles.get(issuer) : undefined;
};

/**
 * The library's part, and a second look at issuer, audience and times by its own reading and the wall clock. Its
 * stateless function is used instead of `JwtVerifier`, which keeps a key object for each key id and goes on
 * trusting it after the issuer has put another key under the same id. It throws plain errors too; each is a no.
 */
const isSigned = (token: string, key: SigningKey, profile: IssuerProfile): boolean => {
  const expected = {
    issuer: profile.issuer,
    audience: profile.audiences.length > 0 ? [...profile.audiences] : null,
    graceSeconds: TOKEN_CLOCK_SKEW_SECONDS,
  };
  try {
    verifyJwtSync(token, key.jwk, expected, () => key.key);
    return true;
  } catch {
    return false;
  }
};

const refused = (reason: TokenRefusal, profile: IssuerProfile | undefined) =>
  fail({ reason, issuer: profile?.issuer });
