import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';

export interface SlackStandInOptions {
  readonly signingSecret: string;
  /** Where a press on a button is sent. */
  readonly interactionsUrl: string;
  readonly teamId: string;
  readonly appId: string;
  readonly port?: number;
}

export interface SlackStandIn {
  /** A page that shows what was posted. */
  readonly url: string;
  /** What Slack's own client calls instead of Slack. */
  readonly apiUrl: string;
  messages(): readonly object[];
  stop(): Promise<void>;
}

/** Keeps what is posted to Slack in memory and shows it, on loopback. Nothing can be pressed. */
export const startSlackStandIn = async (options: SlackStandInOptions): Promise<SlackStandIn> => {
  const messages: object[] = [];
  const server = createServer(async (request, response) => {
    if (request.method === 'POST' && request.url?.startsWith('/api/chat.')) {
      const ts = `${Date.now() / 1_000}`;
      messages.push({ method: request.url.slice('/api/'.length), ...(await bodyOf(request)) });
      response.setHeader('content-type', 'application/json');
      return response.end(JSON.stringify({ ok: true, channel: 'C0000000000', ts }));
    }
    response.setHeader('content-type', 'text/plain; charset=utf-8');
    return response.end(messages.map((message) => JSON.stringify(message, null, 2)).join('\n\n'));
  });
  await new Promise<void>((resolve) => server.listen(options.port ?? 0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    url,
    apiUrl: `${url}/api`,
    messages: () => messages,
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
};

/** Slack's client sends a form whose values may be JSON, and others send JSON. */
const bodyOf = async (request: IncomingMessage): Promise<object> => {
  const body = await text(request);
  const isForm = request.headers['content-type']?.startsWith('application/x-www-form-urlencoded');
  return isForm ? Object.fromEntries(new URLSearchParams(body)) : JSON.parse(body);
};
