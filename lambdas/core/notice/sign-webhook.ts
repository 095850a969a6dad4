import { createHmac } from 'node:crypto';
import { SECOND_MS } from '../limits.ts';
import type { EpochMs } from '../time.ts';

/**
 * `Latchkey-Signature` of a webhook: `t=` seconds since 1970, `v1=` HMAC-SHA256 (hex) under the shared secret over
 * `<t>.<body>`, the bytes of the body as they are sent. `docs/notifications.md` shows how it is checked.
 */
export const signWebhook = (body: string, secret: string, at: EpochMs): string => {
  const seconds = Math.floor(at / SECOND_MS);
  return `t=${seconds},v1=${createHmac('sha256', secret).update(`${seconds}.${body}`).digest('hex')}`;
};
