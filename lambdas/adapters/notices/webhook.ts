import { request } from 'node:https';
import { type Clock, DependencyUnavailable } from '../../app/ports.ts';
import type { Notices } from '../../app/ports-of-notices.ts';
import { WEBHOOK_TIMEOUT_MS } from '../../core/limits.ts';
import { noticeSummary } from '../../core/notice/notice-summary.ts';
import { signWebhook } from '../../core/notice/sign-webhook.ts';

export interface WebhookSettings {
  /** `https:`; anything else is refused before a byte is sent. */
  readonly url: string;
  readonly secret: () => Promise<string>;
  readonly clock: Clock;
  /** PEM of the authority that the receiver's certificate is of, where it is not a public one. */
  readonly ca?: string | undefined;
}

/** The port `Notices` by one signed POST. Only a status from 200 to 299 counts as told; what is answered is not read. */
export const webhookNotices = (settings: WebhookSettings): Notices => ({
  medium: 'webhook',
  async tell({ facts }) {
    try {
      const body = JSON.stringify(noticeSummary(facts));
      const signature = signWebhook(body, await settings.secret(), settings.clock());
      await post(settings, body, signature);
    } catch (error) {
      if (error instanceof DependencyUnavailable) throw error;
      throw new DependencyUnavailable('webhook', error);
    }
    return undefined;
  },
});

/** `node:https` follows no redirect, checks the certificate, and one deadline is for all of it. */
const post = ({ url, ca }: WebhookSettings, body: string, signature: string): Promise<void> =>
  new Promise((resolve, reject) => {
    const options = {
      method: 'POST',
      agent: false as const,
      headers: {
        'content-type': 'application/json',
        'content-length': Buffer.byteLength(body),
        'user-agent': 'Latchkey',
        'latchkey-signature': signature,
      },
      signal: AbortSignal.timeout(WEBHOOK_TIMEOUT_MS),
      ...(ca === undefined ? {} : { ca }),
    };
    const sent = request(url, options, ({ statusCode = 0 }) => {
      sent.destroy();
      if (statusCode >= 200 && statusCode < 300) resolve();
      else reject(new Error(`status ${statusCode}`));
    });
    sent.on('error', reject);
    sent.end(body);
  });
