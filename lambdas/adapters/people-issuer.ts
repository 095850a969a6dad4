import * as client from 'openid-client';
import { type Clock, DependencyUnavailable } from '../app/ports.ts';
import type { LoginSecrets, PeopleIssuer, SignIn } from '../app/ports-of-people.ts';
import type { IssuerProfile } from '../core/config/issuer.ts';
import { isUsableSubject } from '../core/identity/check-token.ts';
import { decodeToken, own } from '../core/identity/decode-token.ts';
import { tokenFingerprint } from '../core/identity/token-fingerprint.ts';
import { DECISION_SIGN_IN_MAX_AGE_SECONDS, SECOND_MS, TOKEN_CLOCK_SKEW_SECONDS } from '../core/limits.ts';
import { fail, ok, type Result } from '../core/result.ts';
import { fetchOnce } from './fetch-once.ts';

export interface PeopleIssuerParts {
  /** The entry of `issuers.yaml`: where groups are, and which algorithms sign. Its audiences and types are those of access tokens. */
  readonly profile: IssuerProfile;
  readonly authorizationEndpoint: string;
  readonly tokenEndpoint: string;
  readonly jwksUri: string;
  readonly clientId: string;
  /** Undefined: a public client, which PKCE alone protects. */
  readonly clientSecret: () => Promise<string | undefined>;
  readonly redirectUri: string;
  readonly clock: Clock;
}

/**
 * The port `PeopleIssuer`. Nothing is discovered: every address is a setting. The ID token's signature is checked although
 * it comes straight from the issuer over TLS, since it becomes a fact of the trail.
 */
export const peopleIssuer = (parts: PeopleIssuerParts): PeopleIssuer => {
  let kept: { readonly secret: string | undefined; readonly made: client.Configuration } | undefined;
  /** Kept with the issuer's keys in it, until the secret is another one. */
  const configuration = async () => {
    const secret = await parts.clientSecret();
    if (!kept || kept.secret !== secret) kept = { secret, made: configure(parts, secret) };
    return kept.made;
  };
  return {
    async authorizationUrl({ state, nonce, verifier }, isAgain) {
      return client.buildAuthorizationUrl(await configuration(), {
        redirect_uri: parts.redirectUri,
        scope: 'openid',
        response_mode: 'query',
        state,
        nonce,
        code_challenge: await client.calculatePKCECodeChallenge(verifier),
        code_challenge_method: 'S256',
        max_age: String(DECISION_SIGN_IN_MAX_AGE_SECONDS),
        ...(isAgain ? { prompt: 'login' } : {}),
      }).href;
    },
    async redeem(query, login) {
      const idToken = await exchange(await configuration(), { query, login, redirectUri: parts.redirectUri });
      return idToken.ok ? readIdToken(idToken.value, parts) : idToken;
    },
  };
};

const configure = (parts: PeopleIssuerParts, secret: string | undefined): client.Configuration => {
  const made = new client.Configuration(
    {
      issuer: parts.profile.issuer,
      authorization_endpoint: parts.authorizationEndpoint,
      token_endpoint: parts.tokenEndpoint,
      jwks_uri: parts.jwksUri,
      id_token_signing_alg_values_supported: [...parts.profile.algorithms],
    },
    parts.clientId,
    { require_auth_time: true },
    secret === undefined ? client.None() : client.ClientSecretBasic(secret),
  );
  made[client.customFetch] = (url, { method, headers, body }) =>
    fetchOnce(url, { method, headers, body: body ? String(body) : undefined });
  client.enableNonRepudiationChecks(made);
  return made;
};

interface Exchange {
  readonly query: URLSearchParams;
  readonly login: LoginSecrets;
  readonly redirectUri: string;
}

const exchange = async (
  configuration: client.Configuration,
  { query, login, redirectUri }: Exchange,
): Promise<Result<string, { readonly reason: string }>> => {
  try {
    const answer = await client.authorizationCodeGrant(configuration, new URL(`${redirectUri}?${query}`), {
      expectedState: login.state,
      expectedNonce: login.nonce,
      pkceCodeVerifier: login.verifier,
      maxAge: DECISION_SIGN_IN_MAX_AGE_SECONDS,
      idTokenExpected: true,
    });
    return answer.id_token === undefined ? fail({ reason: 'id_token_missing' }) : ok(answer.id_token);
  } catch (error) {
    if (isAway(error)) throw error instanceof DependencyUnavailable ? error : error.cause;
    return fail({ reason: reasonOf(error) });
  }
};

/** The library wraps what our own fetch threw. */
const isAway = (error: unknown): error is Error =>
  error instanceof DependencyUnavailable ||
  (error instanceof Error && error.cause instanceof DependencyUnavailable);

/** A code of the library or of OAuth, never words of the issuer. */
const reasonOf = (error: unknown): string => {
  const code = error instanceof Error && ('error' in error ? error.error : 'code' in error && error.code);
  return typeof code === 'string' && /^\w{1,64}$/.test(code) ? code : 'unexpected';
};

/** The library has checked signature, issuer, audience, times and nonce. This is our own stricter reading of the same bytes. */
const readIdToken = (
  token: string,
  { profile, clock }: PeopleIssuerParts,
): Result<SignIn, { readonly reason: string }> => {
  const decoded = decodeToken(token);
  if (!decoded.ok) return fail({ reason: decoded.failure });
  const { payload } = decoded.value;
  const subject = own(payload, 'sub');
  if (own(payload, 'iss') !== profile.issuer) return fail({ reason: 'issuer_unknown' });
  if (!isUsableSubject(subject)) return fail({ reason: 'subject_unusable' });
  const now = clock();
  const authenticatedAt = Number(own(payload, 'auth_time')) * SECOND_MS;
  // A time to come would keep a sign-in fresh for longer than it is.
  if (!(authenticatedAt <= now + TOKEN_CLOCK_SKEW_SECONDS * SECOND_MS))
    return fail({ reason: 'issued_in_future' });
  const expiresAt = Number(own(payload, 'exp')) * SECOND_MS;
  return ok({
    claims: { issuer: profile.issuer, subject, expiresAt, payload },
    profile,
    fingerprint: tokenFingerprint(token),
    authenticatedAt: Math.min(authenticatedAt, now),
  });
};
