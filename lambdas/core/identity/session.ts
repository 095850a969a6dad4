import type { EpochMs } from '../time.ts';
import type { Principal } from './principal.ts';

/** What one sign-in of a person at the console stands for. Known by the SHA-256 (hex) of a cookie that is kept nowhere. */
export interface Session {
  readonly principal: Principal;
  /** When the issuer says that the person last proved who they are; never later than the sign-in itself. */
  readonly authenticatedAt: EpochMs;
  /** Signs the tokens of this session's forms. */
  readonly formSecret: string;
  readonly expiresAt: EpochMs;
  /** The configuration that said who this is. Under another one, the person has to sign in again. */
  readonly policyDigest: string;
}

/** By the clock and not by the deletion of old items, which lags. */
export const isSessionLive = (session: Session, now: EpochMs, policyDigest: string): boolean =>
  now < session.expiresAt && session.policyDigest === policyDigest;
