import { SECOND_MS } from '../limits.ts';
import type { EpochMs } from '../time.ts';
import { EKS_TOKEN_MAX_BYTES, EKS_TOKEN_SECONDS } from './limits.ts';

/** The form that EKS's authenticator reads: a presigned `GetCallerIdentity`, which it sends to STS itself. */
const PREFIX = 'k8s-aws-v1.';

/** `url` is the whole address with its signature. Undefined: longer than an authenticator reads. */
export const eksToken = (url: string): string | undefined => {
  const token = `${PREFIX}${Buffer.from(url).toString('base64url')}`;
  return token.length <= EKS_TOKEN_MAX_BYTES ? token : undefined;
};

/** The earliest of what ends it: its own age, the session that signed it, the grant. */
export const tokenUntil = (ends: {
  readonly signedAt: EpochMs;
  readonly sessionUntil: EpochMs;
  readonly grantUntil: EpochMs;
}): EpochMs => Math.min(ends.signedAt + EKS_TOKEN_SECONDS * SECOND_MS, ends.sessionUntil, ends.grantUntil);
