import { createHmac } from 'node:crypto';
import { request as requestHttp } from 'node:http';
import { request as requestHttps } from 'node:https';
import { type Fields, partsOf, type StoredMessage } from './slack-messages.ts';

/** Somebody who can press a button. A stranger is of another workspace and shares the channel. */
export interface SlackUser {
  readonly id: string;
  readonly name: string;
  readonly teamId?: string;
}

export const DEMO_USERS: readonly SlackUser[] = [
  { id: 'U0123ANA', name: 'ana.silva' },
  { id: 'U0123JONAS', name: 'jonas.weber' },
  { id: 'U0123STRANGER', name: 'a stranger', teamId: 'T0ELSEWHERE' },
];

export interface PressSettings {
  readonly signingSecret: string;
  readonly interactionsUrl: string;
  readonly teamId: string;
  readonly appId: string;
  /** PEM of the authority of `interactionsUrl`, where it is not a public one. */
  readonly ca?: string | undefined;
}

export interface Pressed {
  readonly status: number;
  /** What the person is told; empty where nothing was said. */
  readonly text: string;
}

const TIMEOUT_MS = 3_000;

/** Sends what Slack sends when somebody presses a button of a message, signed as Slack signs it, and waits as long as Slack. */
export const sendPress = async (
  settings: PressSettings,
  message: StoredMessage,
  { actionId, user, responseUrl }: { actionId: string; user: SlackUser; responseUrl: string },
): Promise<Pressed> => {
  const button = partsOf(message.blocks).find(({ action_id }) => action_id === actionId);
  if (!button) throw new Error(`the message has no button ${actionId}`);
  const payload = payloadOf(settings, message, { button, user, responseUrl });
  const body = new URLSearchParams({ payload: JSON.stringify(payload) }).toString();
  return post(settings, body, Math.floor(Date.now() / 1_000));
};

const payloadOf = (
  { teamId, appId }: PressSettings,
  message: StoredMessage,
  { button, user, responseUrl }: { button: Fields; user: SlackUser; responseUrl: string },
): object => ({
  type: 'block_actions',
  user: {
    id: user.id,
    username: user.name,
    name: user.name,
    team_id: user.teamId ?? teamId,
    ...(user.teamId === undefined ? {} : { is_stranger: true }),
  },
  api_app_id: appId,
  container: { type: 'message', message_ts: message.ts, channel_id: message.channel, is_ephemeral: false },
  trigger_id: '1.1.stand-in',
  team: { id: teamId, domain: 'stand-in' },
  enterprise: null,
  is_enterprise_install: false,
  channel: { id: message.channel, name: 'approvals' },
  message: { type: 'message', ts: message.ts, text: message.text, blocks: message.blocks },
  response_url: responseUrl,
  actions: [{ ...button, block_id: 'stand-in', action_ts: `${Date.now() / 1_000}` }],
});

const post = (
  { signingSecret, interactionsUrl, ca }: PressSettings,
  body: string,
  seconds: number,
): Promise<Pressed> => {
  const mac = createHmac('sha256', signingSecret).update(`v0:${seconds}:${body}`).digest('hex');
  const options = {
    method: 'POST',
    agent: false as const,
    headers: {
      'content-type': 'application/x-www-form-urlencoded',
      'content-length': Buffer.byteLength(body),
      'x-slack-request-timestamp': String(seconds),
      'x-slack-signature': `v0=${mac}`,
      'user-agent': 'Slackbot 1.0 (+https://api.slack.com/robots)',
    },
    signal: AbortSignal.timeout(TIMEOUT_MS),
    ...(ca === undefined ? {} : { ca }),
  };
  const request = interactionsUrl.startsWith('https:') ? requestHttps : requestHttp;
  return new Promise((resolve, reject) => {
    const sent = request(interactionsUrl, options, (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('end', () =>
        resolve({ status: response.statusCode ?? 0, text: textOf(Buffer.concat(chunks).toString()) }),
      );
      response.on('error', reject);
    });
    sent.on('error', reject);
    sent.end(body);
  });
};

const textOf = (body: string): string => {
  try {
    const answer: unknown = JSON.parse(body);
    const text = typeof answer === 'object' && answer !== null && 'text' in answer ? answer.text : '';
    return typeof text === 'string' ? text : '';
  } catch {
    return '';
  }
};
