import type { VerifiedToken } from '../core/identity/find-principal.ts';
import type { Session } from '../core/identity/session.ts';
import type { Result } from '../core/result.ts';
import type { EpochMs } from '../core/time.ts';

/** Sign-ins of people, each under the SHA-256 (hex) of its cookie. */
export interface Sessions {
  /** Undefined when it was never begun or was ended. It may be too old: whoever reads it asks the clock. */
  find(cookieHash: string): Promise<Session | undefined>;
  /** Never over another one. */
  begin(cookieHash: string, session: Session): Promise<void>;
  /** Safe to repeat. */
  end(cookieHash: string, at: EpochMs): Promise<void>;
}

/** Three secrets of one attempt to sign in, 32 random bytes each (base64url). The browser keeps them until it comes back. */
export interface LoginSecrets {
  readonly state: string;
  readonly nonce: string;
  /** RFC 7636: the issuer is shown its hash first and itself when the code is redeemed. */
  readonly verifier: string;
}

export type SignIn = VerifiedToken & { readonly authenticatedAt: EpochMs };

/** The OpenID provider that people prove themselves to. */
export interface PeopleIssuer {
  /** Where to send a browser. `isAgain`: the issuer asks who it is, whether or not it remembers. */
  authorizationUrl(login: LoginSecrets, isAgain: boolean): Promise<string>;
  /** `query` is what the browser came back with. `reason` is a code for our log. Throws `DependencyUnavailable`. */
  redeem(query: URLSearchParams, login: LoginSecrets): Promise<Result<SignIn, { readonly reason: string }>>;
}
