import { createHmac } from 'node:crypto';
import { SLACK_ACTIONS } from '../../lambdas/core/slack/button-value.ts';
import { APPROVAL_ID, DIGEST } from './approvals.ts';

export const SLACK_SECRET = '8f742231b10e8888abcd99yyyzzz85a5';
export const SLACK_HOME = { teamId: 'T0LATCHKEY', appId: 'A0LATCHKEY' };
export const SLACK_USER = 'U0123ANA';

/** What Slack sends when a button of a message is pressed, as far as we look at it and a little more. */
export const PAYLOAD = {
  type: 'block_actions',
  user: { id: SLACK_USER, username: 'ana.silva', name: 'ana.silva', team_id: SLACK_HOME.teamId },
  api_app_id: SLACK_HOME.appId,
  token: 'an old way of checking, which is ignored',
  container: {
    type: 'message',
    message_ts: '1772445600.000100',
    channel_id: 'C0APPROVALS',
    is_ephemeral: false,
  },
  trigger_id: '1.2.3',
  team: { id: SLACK_HOME.teamId, domain: 'example' },
  enterprise: null,
  is_enterprise_install: false,
  channel: { id: 'C0APPROVALS', name: 'approvals' },
  message: { type: 'message', ts: '1772445600.000100' },
  response_url: 'https://hooks.slack.com/actions/T0LATCHKEY/1/abc',
  actions: [
    {
      type: 'button',
      action_id: SLACK_ACTIONS.deny,
      block_id: 'latchkey',
      text: { type: 'plain_text', text: 'Deny' },
      value: `${APPROVAL_ID}.${DIGEST}`,
      action_ts: '1772445601.000000',
    },
  ],
};

export const withUser = (change: object) => ({ ...PAYLOAD, user: { ...PAYLOAD.user, ...change } });

export const pressed = (change: object) => ({
  ...PAYLOAD,
  actions: PAYLOAD.actions.map((action) => ({ ...action, ...change })),
});

export const formOf = (payload: unknown): Buffer =>
  Buffer.from(new URLSearchParams({ payload: JSON.stringify(payload) }).toString());

export const signSlack = (body: Uint8Array, timestamp: string, secret = SLACK_SECRET): string =>
  `v0=${createHmac('sha256', secret).update(`v0:${timestamp}:`).update(body).digest('hex')}`;
