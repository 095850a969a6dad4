import { createHmac, timingSafeEqual } from 'node:crypto';
import { SECOND_MS, SLACK_SIGNATURE_TOLERANCE_SECONDS } from '../limits.ts';
import type { EpochMs } from '../time.ts';

/** One call as it arrived: the bytes of its body, before anything has read them, and the two headers that Slack sends. */
export interface SignedRequest {
  readonly rawBody: Uint8Array;
  /** `X-Slack-Request-Timestamp`: seconds since 1970. */
  readonly timestamp: string | undefined;
  /** `X-Slack-Signature`: `v0=` and 64 hex digits. */
  readonly signature: string | undefined;
  readonly secret: string;
  readonly now: EpochMs;
}

/** Digits only: `Number` would also read "", "1e9" and " 5", and make of others a NaN that is outside no limit. */
const TIMESTAMP = /^[0-9]{1,12}$/;
const SIGNATURE = /^v0=[0-9a-f]{64}$/;

/**
 * Whether Slack signed exactly these bytes within the last five minutes (docs.slack.dev, *Verifying requests from
 * Slack*). It throws for no input. It passes for a repetition too: who acts remembers signatures.
 */
export const verifySlackSignature = ({
  rawBody,
  timestamp,
  signature,
  secret,
  now,
}: SignedRequest): boolean => {
  if (timestamp === undefined || !TIMESTAMP.test(timestamp)) return false;
  if (signature === undefined || !SIGNATURE.test(signature) || secret === '') return false;
  const isFresh = Math.abs(now / SECOND_MS - Number(timestamp)) <= SLACK_SIGNATURE_TOLERANCE_SECONDS;
  const made = createHmac('sha256', secret).update(`v0:${timestamp}:`).update(rawBody).digest();
  // Both have 32 bytes by now, which is what this comparison would throw on.
  return timingSafeEqual(made, Buffer.from(signature.slice('v0='.length), 'hex')) && isFresh;
};
