import { LogLevel, WebAPIPlatformError, WebClient } from '@slack/web-api';
import { DependencyUnavailable } from '../../app/ports.ts';
import type { MessagePlace, Notice, Notices } from '../../app/ports-of-notices.ts';
import {
  SLACK_RETRIES_MAX,
  SLACK_RETRY_PAUSE_MAX_MS,
  SLACK_RETRY_PAUSE_MIN_MS,
  SLACK_TIMEOUT_MS,
} from '../../core/limits.ts';
import { approvalMessage, reminderMessage } from '../../core/notice/approval-message.ts';

export interface SlackSettings {
  /** Asked for each time: a token that was replaced is used within minutes. */
  readonly botToken: () => Promise<string>;
  /** Where it is not Slack's own. */
  readonly apiUrl?: string | undefined;
}

/** Slack makes nothing of our texts but what is in their blocks, and fetches no address for a preview. */
const AS_WRITTEN = {
  unfurl_links: false,
  unfurl_media: false,
  mrkdwn: false,
  parse: 'none',
  link_names: false,
} as const;

/** What Slack says when a message that we know of is gone or may no longer be changed: then it is written anew. */
const NOT_TO_BE_CHANGED = [
  'message_not_found',
  'cant_update_message',
  'edit_window_closed',
  'channel_not_found',
];

/** Nothing it says is ours to keep: it would put messages and errors into the log. */
const SILENT = {
  debug: () => undefined,
  info: () => undefined,
  warn: () => undefined,
  error: () => undefined,
  setLevel: () => undefined,
  setName: () => undefined,
  getLevel: () => LogLevel.ERROR,
};

/** The port `Notices` by Slack's Web API: one message for an approval, changed as it goes on; one thread for a task. */
export const slackNotices = (settings: SlackSettings): Notices => ({
  medium: 'slack',
  async tell(notice) {
    if (notice.slackChannel === undefined && notice.message === undefined) return undefined;
    try {
      return await show(connect(await settings.botToken(), settings.apiUrl), notice);
    } catch (error) {
      if (error instanceof DependencyUnavailable) throw error;
      throw new DependencyUnavailable('slack', new Error(errorCodeOf(error)));
    }
  },
});

const connect = (token: string, slackApiUrl: string | undefined): WebClient =>
  new WebClient(token, {
    ...(slackApiUrl === undefined ? {} : { slackApiUrl }),
    timeout: SLACK_TIMEOUT_MS,
    retryConfig: {
      retries: SLACK_RETRIES_MAX,
      minTimeout: SLACK_RETRY_PAUSE_MIN_MS,
      maxTimeout: SLACK_RETRY_PAUSE_MAX_MS,
    },
    // Slack may ask for minutes; the function is invoked again instead.
    rejectRateLimitedCalls: true,
    allowAbsoluteUrls: false,
    logger: SILENT,
  });

const show = async (client: WebClient, notice: Notice): Promise<MessagePlace | undefined> => {
  const { message, slackChannel, isReminder } = notice;
  const changed = message && (await change(client, notice, message));
  if (changed && isReminder) await remind(client, notice, changed);
  if (changed || slackChannel === undefined) return changed;
  return write(client, notice, slackChannel);
};

/** Undefined: there is nothing to change any more. */
const change = async (
  client: WebClient,
  { facts }: Notice,
  place: MessagePlace,
): Promise<MessagePlace | undefined> => {
  try {
    await client.chat.update({ ...messageOf(facts), ...place, parse: 'none', link_names: false });
    return place;
  } catch (error) {
    if (NOT_TO_BE_CHANGED.includes(errorCodeOf(error))) return undefined;
    throw error;
  }
};

/** An answer in a thread is shown in the channel too: people who do not follow the thread are asked as well. */
const write = async (
  client: WebClient,
  { facts, thread }: Notice,
  channel: string,
): Promise<MessagePlace> => {
  const message = { ...messageOf(facts), ...AS_WRITTEN, channel };
  const answered =
    thread === undefined
      ? await client.chat.postMessage(message)
      : await client.chat.postMessage({ ...message, thread_ts: thread, reply_broadcast: true });
  return { channel, ts: timestampOf(answered.ts) };
};

const remind = async (
  client: WebClient,
  { facts, thread, slackChannel }: Notice,
  place: MessagePlace,
): Promise<void> => {
  const { text, blocks } = reminderMessage(facts);
  await client.chat.postMessage({
    text,
    blocks: [...blocks],
    ...AS_WRITTEN,
    channel: place.channel,
    thread_ts: place.channel === slackChannel && thread !== undefined ? thread : place.ts,
    reply_broadcast: true,
  });
};

const messageOf = (facts: Notice['facts']) => {
  const { text, blocks } = approvalMessage(facts);
  return { text, blocks: [...blocks] };
};

/** A message without a name could never be changed, so it would go on asking. */
const timestampOf = (ts: string | undefined): string => {
  if (ts === undefined || !/^\d{1,12}\.\d{1,8}$/.test(ts))
    throw new DependencyUnavailable('slack', new Error('no ts'));
  return ts;
};

/** Slack's own code of an error, or the class of another: never a text, which may hold what was sent. */
const errorCodeOf = (error: unknown): string => {
  if (error instanceof WebAPIPlatformError) return error.data.error;
  return error instanceof Error ? error.name : 'unknown';
};
