import type { IssuerProfile, PrincipalEntry } from '../../lambdas/core/config/issuer.ts';
import type { DecodedToken, JsonObject } from '../../lambdas/core/identity/decode-token.ts';
import type { VerifiedToken } from '../../lambdas/core/identity/find-principal.ts';
import type { Principal } from '../../lambdas/core/identity/principal.ts';

/** One valid everything; a test changes one thing. */
export const NOW = Date.UTC(2030, 0, 1);
export const NOW_SECONDS = NOW / 1_000;

export const PROFILE: IssuerProfile = {
  issuer: 'https://id.example.com',
  jwksUri: 'https://id.example.com/jwks',
  algorithms: ['ES256', 'RS256'],
  audiences: ['urn:latchkey'],
  clientIds: [],
  types: ['at+jwt'],
  requiredClaims: {},
  maxLifetimeSeconds: 3_600,
  groupsClaim: undefined,
  groupsRequired: false,
  believesActor: false,
  defaultType: 'workload',
};

export const HEADER: JsonObject = { alg: 'ES256', typ: 'at+jwt', kid: 'key-1' };

export const payloadAt = (nowSeconds: number): Record<string, unknown> => ({
  iss: PROFILE.issuer,
  sub: 'sales-crew',
  aud: 'urn:latchkey',
  iat: nowSeconds - 10,
  exp: nowSeconds + 590,
});

export const PAYLOAD = payloadAt(NOW_SECONDS);

export const decoded = (payload: JsonObject = {}, header: JsonObject = {}): DecodedToken => ({
  header: { ...HEADER, ...header },
  payload: { ...PAYLOAD, ...payload },
});

export const ENTRY: PrincipalEntry = {
  name: 'sales-analyst',
  type: 'agent',
  issuer: PROFILE.issuer,
  subject: 'sales-crew',
  claims: {},
  groups: ['data-crew'],
  owners: [{ issuer: PROFILE.issuer, subject: 'dana.reyes', name: 'Dana Reyes' }],
};

export const verified = (payload: JsonObject = {}, profile: Partial<IssuerProfile> = {}): VerifiedToken => ({
  claims: {
    issuer: PROFILE.issuer,
    subject: 'sales-crew',
    expiresAt: NOW + 590_000,
    payload: { ...PAYLOAD, ...payload },
  },
  profile: { ...PROFILE, ...profile },
  fingerprint: 'ab'.repeat(32),
});

export const PRINCIPAL: Principal = {
  issuer: PROFILE.issuer,
  subject: 'sales-crew',
  type: 'agent',
  name: 'sales-analyst',
  listed: true,
  groups: { known: true, names: ['data-crew'] },
  owners: [{ issuer: PROFILE.issuer, subject: 'dana.reyes', name: 'Dana Reyes' }],
  delegation: [],
  tokenFingerprint: 'ab'.repeat(32),
  tokenExpiresAt: NOW + 590_000,
};
