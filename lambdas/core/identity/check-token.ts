import type { IssuerProfile } from '../config/issuer.ts';
import { SECOND_MS, SUBJECT_MAX_CHARACTERS, TOKEN_CLOCK_SKEW_SECONDS } from '../limits.ts';
import { fail, ok, type Result } from '../result.ts';
import type { EpochMs } from '../time.ts';
import { type DecodedToken, type JsonObject, own } from './decode-token.ts';
import type { TokenRefusal } from './token-refusal.ts';

/** What a token says about its bearer, in the form the rest of the product relies on. */
export interface TokenClaims {
  readonly issuer: string;
  readonly subject: string;
  readonly expiresAt: EpochMs;
  /** Everything else it says: groups, actors and what `principals.yaml` matches on. */
  readonly payload: JsonObject;
}

type Check = (token: DecodedToken, profile: IssuerProfile, nowSeconds: number) => TokenRefusal | undefined;

/**
 * Every rule about a token except its signature, in the order of `CHECKS`. `profile` must be the one that the
 * token's own `iss` names exactly. Cheap on purpose: it runs before any key is looked for, so that a token that
 * cannot pass never makes us ask its issuer for anything.
 */
export const checkToken = (
  token: DecodedToken,
  profile: IssuerProfile,
  now: EpochMs,
): Result<TokenClaims, TokenRefusal> => {
  for (const check of CHECKS) {
    const refusal = check(token, profile, now / SECOND_MS);
    if (refusal !== undefined) return fail(refusal);
  }
  const { payload } = token;
  return ok({
    issuer: profile.issuer,
    subject: String(own(payload, 'sub')),
    expiresAt: Math.floor(Number(own(payload, 'exp')) * SECOND_MS),
    payload,
  });
};

/** ASCII, as OpenID Connect demands of subjects: no look-alikes, nothing that a log or a page could trip over. */
export const isUsableSubject = (value: unknown): value is string =>
  typeof value === 'string' &&
  value.length <= SUBJECT_MAX_CHARACTERS &&
  /^[\x21-\x7e](?:[\x20-\x7e]*[\x21-\x7e])?$/.test(value);

const issuerRefusal: Check = ({ payload }, profile) =>
  own(payload, 'iss') === profile.issuer ? undefined : 'issuer_unknown';

/** The list comes from configuration; the header only picks from it. */
const algorithmRefusal: Check = ({ header }, { algorithms }) =>
  algorithms.some((algorithm) => algorithm === own(header, 'alg')) ? undefined : 'algorithm_not_allowed';

/** An ID token, a logout token or a DPoP proof of the same issuer carries the same kind of signature. */
const typeRefusal: Check = ({ header }, { types }) => {
  const type = own(header, 'typ');
  if (type === undefined) return types.includes('absent') ? undefined : 'type_not_allowed';
  const named = typeof type === 'string' ? type.toLowerCase().replace(/^application\//, '') : 'absent';
  return named !== 'absent' && types.includes(named) ? undefined : 'type_not_allowed';
};

/** RFC 7515 4.1.11: extensions that must be understood. We understand none. */
const extensionRefusal: Check = ({ header }) =>
  own(header, 'crit') === undefined ? undefined : 'critical_extension';

const keyIdRefusal: Check = ({ header }) => {
  const keyId = own(header, 'kid');
  return typeof keyId === 'string' && keyId !== '' ? undefined : 'key_id_missing';
};

/** No skew is given at the end: an issuer's slow clock costs seconds of use, a generous one gives access. */
const expiryRefusal: Check = ({ payload }, _profile, nowSeconds) => {
  const expiry = own(payload, 'exp');
  if (!isTime(expiry)) return 'expiry_missing';
  return expiry > nowSeconds ? undefined : 'expired';
};

const lifetimeRefusal: Check = ({ payload }, { maxLifetimeSeconds }, nowSeconds) => {
  const issuedAt = own(payload, 'iat');
  if (!isTime(issuedAt)) return 'issue_time_missing';
  if (issuedAt > nowSeconds + TOKEN_CLOCK_SKEW_SECONDS) return 'issued_in_future';
  return Number(own(payload, 'exp')) - issuedAt <= maxLifetimeSeconds ? undefined : 'lifetime_too_long';
};

const notBeforeRefusal: Check = ({ payload }, _profile, nowSeconds) => {
  const notBefore = own(payload, 'nbf');
  if (notBefore === undefined) return undefined;
  return isTime(notBefore) && notBefore <= nowSeconds + TOKEN_CLOCK_SKEW_SECONDS
    ? undefined
    : 'not_yet_valid';
};

const subjectRefusal: Check = ({ payload }) =>
  isUsableSubject(own(payload, 'sub')) ? undefined : 'subject_unusable';

/**
 * Every audience must be one of ours: a token that is good elsewhere too can be replayed here by whoever received
 * it there. Cognito's access tokens name a client instead of an audience.
 */
const audienceRefusal: Check = ({ payload }, { audiences, clientIds }) => {
  const audience = own(payload, 'aud');
  if (audience === undefined && clientIds.length > 0) {
    return clientIds.some((clientId) => clientId === own(payload, 'client_id')) ? undefined : 'client_wrong';
  }
  const named: readonly unknown[] = Array.isArray(audience) ? audience : [audience];
  const ours = (name: unknown): boolean => audiences.some((known) => known === name);
  return named.length > 0 && named.every(ours) ? undefined : 'audience_wrong';
};

const claimRefusal: Check = ({ payload }, { requiredClaims }) =>
  Object.entries(requiredClaims).every(([name, value]) => own(payload, name) === value)
    ? undefined
    : 'claim_wrong';

const CHECKS: readonly Check[] = [
  issuerRefusal,
  algorithmRefusal,
  typeRefusal,
  extensionRefusal,
  keyIdRefusal,
  expiryRefusal,
  lifetimeRefusal,
  notBeforeRefusal,
  subjectRefusal,
  audienceRefusal,
  claimRefusal,
];

/** `1e999` parses to Infinity, which no clock ever reaches. */
const isTime = (value: unknown): value is number => typeof value === 'number' && Number.isFinite(value);
