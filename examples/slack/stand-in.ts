import { timingSafeEqual } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import {
  type ApiAnswer,
  createMessages,
  type Fields,
  type Messages,
  refuse,
  type StoredMessage,
} from './slack-messages.ts';
import { channelPage } from './slack-page.ts';
import { DEMO_USERS, type Pressed, type PressSettings, type SlackUser, sendPress } from './slack-press.ts';

export interface StandInSettings extends PressSettings {
  /** A free one where none is named. */
  readonly port?: number;
  /** The token that calls must carry. */
  readonly botToken?: string;
}

export interface SlackStandIn {
  /** The channel as a page. */
  readonly url: string;
  /** What `SLACK_API_URL` is to be. */
  readonly apiUrl: string;
  readonly botToken: string;
  messages(): readonly StoredMessage[];
  /** What people alone were told, in order. */
  whispers(): readonly string[];
  /** As somebody who deletes a message. */
  remove(ts: string): void;
  press(messageTs: string, actionId: string, userId: string): Promise<Pressed>;
  stop(): Promise<void>;
}

const BODY_MAX_BYTES = 1024 * 1024;
const WHISPERS_MAX_COUNT = 5;
const DEMO_TOKEN = 'xoxb-stand-in';

/** What the workspace is made of, and what has happened in it. */
interface Workspace {
  readonly settings: PressSettings;
  readonly url: string;
  readonly botToken: string;
  readonly messages: Messages;
  readonly whispers: { readonly to: string; readonly text: string }[];
}

/**
 * A workspace with one channel on this machine, for trying things out without Slack: it takes the calls of the Web API
 * that Latchkey makes, shows the messages on a page, and sends signed interactions when somebody presses a button.
 */
export const startSlackStandIn = async (settings: StandInSettings): Promise<SlackStandIn> => {
  const server = createServer((request, response) => {
    serve(workspace, request, response).catch(() => response.writeHead(500).end());
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(settings.port ?? 0, '127.0.0.1', resolve);
  });
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const botToken = settings.botToken ?? DEMO_TOKEN;
  const messages = createMessages();
  const workspace: Workspace = { settings, url, botToken, messages, whispers: [] };
  return {
    url,
    apiUrl: `${url}/api`,
    botToken,
    messages: () => [...messages.list()],
    whispers: () => workspace.whispers.map(({ text }) => text),
    remove: messages.remove,
    press: (messageTs, actionId, userId) => press(workspace, { messageTs, actionId, userId }),
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
};

const press = async (
  { settings, url, messages, whispers }: Workspace,
  {
    messageTs,
    actionId,
    userId,
  }: { readonly messageTs: string; readonly actionId: string; readonly userId: string },
): Promise<Pressed> => {
  const message = messages.list().find(({ ts }) => ts === messageTs);
  if (!message) throw new Error(`there is no message ${messageTs}`);
  const responseUrl = `${url}/respond?to=${encodeURIComponent(userId)}`;
  const pressed = await sendPress(settings, message, { actionId, user: userOf(userId), responseUrl });
  const text =
    pressed.status === 200 ? pressed.text : `Latchkey did not take that (status ${pressed.status}).`;
  if (text !== '') whispers.push({ to: userId, text });
  return pressed;
};

const serve = async (
  workspace: Workspace,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> => {
  const { url, whispers } = workspace;
  const { pathname, searchParams } = new URL(request.url ?? '/', url);
  const body = await readBody(request);
  if (pathname.startsWith('/api/')) {
    const answer = callApi(workspace, { method: pathname.slice('/api/'.length), request, body });
    return void response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(answer));
  }
  // What another page makes a browser send is not a press.
  if (request.headers.host !== new URL(url).host) return void response.writeHead(421).end();
  if (pathname === '/' && request.method === 'GET')
    return showPage(workspace, response, searchParams.get('as') ?? '');
  if (pathname === '/respond' && request.method === 'POST') {
    whispers.push({ to: searchParams.get('to') ?? '', text: String(parseJson(body).text ?? '') });
    return void response.writeHead(200).end('ok');
  }
  const isOwn = request.headers.origin === undefined || request.headers.origin === url;
  if (pathname !== '/press' || request.method !== 'POST' || !isOwn) return void response.writeHead(404).end();
  const as = await pressOf(workspace, new URLSearchParams(body));
  response.writeHead(303, { location: `/?as=${encodeURIComponent(as)}` }).end();
};

/** Answers who has pressed. */
const pressOf = async (workspace: Workspace, form: URLSearchParams): Promise<string> => {
  const field = (name: string) => form.get(name) ?? '';
  const userId = field('as');
  await press(workspace, { messageTs: field('ts'), actionId: field('action'), userId }).catch(() => {
    workspace.whispers.push({ to: userId, text: 'Latchkey did not answer in three seconds.' });
  });
  return userId;
};

const showPage = ({ messages, whispers }: Workspace, response: ServerResponse, id: string): void => {
  const as = userOf(DEMO_USERS.some((user) => user.id === id) ? id : FIRST_USER_ID);
  const own = whispers.filter(({ to }) => to === as.id).map(({ text }) => text);
  const facts = {
    messages: messages.list(),
    users: DEMO_USERS,
    as,
    whispers: own.slice(-WHISPERS_MAX_COUNT),
  };
  response.writeHead(200, PAGE_HEADERS).end(channelPage(facts));
};

const PAGE_HEADERS = {
  'content-type': 'text/html; charset=utf-8',
  'cache-control': 'no-store',
  'content-security-policy':
    "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
  'referrer-policy': 'same-origin',
};

const FIRST_USER_ID = 'U0123ANA';

const userOf = (id: string): SlackUser => DEMO_USERS.find((user) => user.id === id) ?? { id, name: id };

interface Call {
  readonly method: string;
  readonly request: IncomingMessage;
  readonly body: string;
}

/** As the Web API does it: status 200 and `ok: false` for whatever is wrong, in a form or in JSON. */
const callApi = (
  { messages, botToken, settings: { teamId } }: Workspace,
  { method, request, body }: Call,
): ApiAnswer => {
  if (request.method !== 'POST') return refuse('method_not_supported');
  const isJson = (request.headers['content-type'] ?? '').startsWith('application/json');
  const fields: Fields = isJson ? parseJson(body) : Object.fromEntries(new URLSearchParams(body));
  const given = /^Bearer (\S+)$/.exec(request.headers.authorization ?? '')?.[1] ?? fields.token;
  if (typeof given !== 'string' || given === '') return refuse('not_authed');
  if (!isSame(given, botToken)) return refuse('invalid_auth');
  switch (method) {
    case 'auth.test':
      return {
        ok: true,
        url: 'https://stand-in.slack.com/',
        team: 'Stand-in',
        team_id: teamId,
        user: 'latchkey',
        user_id: 'U0LATCHKEY',
        bot_id: 'B0LATCHKEY',
      };
    case 'chat.postMessage':
      return messages.post(fields);
    case 'chat.update':
      return messages.update(fields);
    default:
      return refuse('unknown_method');
  }
};

const isSame = (given: string, expected: string): boolean => {
  const [a, b] = [Buffer.from(given), Buffer.from(expected)];
  return a.length === b.length && timingSafeEqual(a, b);
};

const readBody = async (request: IncomingMessage): Promise<string> => {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of request) {
    length += chunk.length;
    if (length <= BODY_MAX_BYTES) chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString();
};

const parseJson = (body: string): Fields => {
  try {
    const parsed: unknown = JSON.parse(body);
    return typeof parsed === 'object' && parsed !== null ? { ...parsed } : {};
  } catch {
    return {};
  }
};
