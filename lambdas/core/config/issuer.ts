/** What `issuers.yaml` says about one issuer of tokens, after compilation. Nothing is discovered from a token. */
export interface IssuerProfile {
  /** Exact, trailing slash included. */
  readonly issuer: string;
  readonly jwksUri: string;
  readonly algorithms: readonly SigningAlgorithm[];
  /** Exact audiences of ours that this issuer puts in `aud`; for Cognito access tokens, which have none, `clientIds` instead. */
  readonly audiences: readonly string[];
  readonly clientIds: readonly string[];
  /** Accepted `typ` headers, lower case, without `application/`; `absent` admits a token that has none. */
  readonly types: readonly string[];
  /** Claims that must have exactly this value: `{ token_use: access }`. */
  readonly requiredClaims: Readonly<Record<string, string>>;
  readonly maxLifetimeSeconds: number;
  /** Where groups are: a path of claim names. Undefined: this issuer's tokens carry none. */
  readonly groupsClaim: readonly string[] | undefined;
  readonly groupsRequired: boolean;
  /** Whether `act` of RFC 8693 is believed. */
  readonly believesActor: boolean;
  /** What a caller from this issuer is when `principals.yaml` does not name it. */
  readonly defaultType: 'agent' | 'workload' | 'human';
}

/** Asymmetric algorithms only. */
export type SigningAlgorithm = 'RS256' | 'RS384' | 'RS512' | 'ES256' | 'ES384' | 'ES512';

/** One entry of `principals.yaml`: an exact match, as a trust policy would write it. No patterns. */
export interface PrincipalEntry {
  readonly name: string;
  readonly type: 'agent' | 'workload' | 'human';
  readonly issuer: string;
  /** Exact subject, or undefined when `claims` decides. */
  readonly subject: string | undefined;
  /** Every one of these claims must have exactly this string value. */
  readonly claims: Readonly<Record<string, string>>;
  readonly groups: readonly string[];
  readonly owners: readonly { readonly issuer: string; readonly subject: string; readonly name: string }[];
  /** Of people only: who they are in Slack, by its ids. */
  readonly slack?: { readonly team: string; readonly user: string } | undefined;
}
