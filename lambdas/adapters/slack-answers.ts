import { request } from 'node:https';
import { SLACK_ANSWER_TIMEOUT_MS } from '../core/limits.ts';

/** The one host whose addresses Slack names for answers. */
const HOST = 'hooks.slack.com';

/**
 * Shows one person a text, at the address that came with their press. The address is part of what Slack signed and is
 * kept to Slack's own host all the same, so that nobody can ever have us send something elsewhere.
 */
export const slackAnswers = (responseUrl: string, text: string): Promise<void> =>
  new Promise((resolve, reject) => {
    const url = URL.parse(responseUrl);
    if (url?.protocol !== 'https:' || url.host !== HOST || url.username !== '')
      return void reject(new Error('not an address of Slack'));
    const body = JSON.stringify({ response_type: 'ephemeral', replace_original: false, text });
    const options = {
      method: 'POST',
      agent: false as const,
      headers: { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) },
      signal: AbortSignal.timeout(SLACK_ANSWER_TIMEOUT_MS),
    };
    const sent = request(url, options, ({ statusCode }) => {
      sent.destroy();
      if (statusCode === 200) resolve();
      else reject(new Error(`status ${statusCode}`));
    });
    sent.on('error', reject);
    sent.end(body);
  });
