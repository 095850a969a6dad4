import { once } from 'node:events';
import type { IncomingMessage } from 'node:http';
import { request } from 'node:https';
import { DependencyUnavailable } from '../app/ports.ts';
import { OIDC_ANSWER_MAX_BYTES, OIDC_TIMEOUT_MS } from '../core/limits.ts';

export interface FetchOnce {
  readonly method: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string | undefined;
}

/**
 * One exchange over TLS in the form of `fetch`: a fresh connection, because a frozen Lambda's kept-alive sockets are dead; no
 * redirects, one deadline, a cap on the answer. No answer, one that is too large and one that says that the server is in
 * trouble are `DependencyUnavailable`.
 */
export const fetchOnce = async (url: string, { method, headers, body }: FetchOnce): Promise<Response> => {
  try {
    const sent = request(url, {
      method,
      headers,
      agent: false,
      signal: AbortSignal.timeout(OIDC_TIMEOUT_MS),
    }).end(body);
    const [answer]: IncomingMessage[] = await once(sent, 'response');
    return await asResponse(answer);
  } catch (error) {
    throw new DependencyUnavailable('the identity provider', error);
  }
};

const asResponse = async (answer: IncomingMessage | undefined): Promise<Response> => {
  const status = answer?.statusCode ?? 0;
  if (answer === undefined || status < 200 || status >= 500) throw new Error('no usable answer');
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of answer) {
    length += chunk.length;
    if (length > OIDC_ANSWER_MAX_BYTES) throw new Error('too large');
    chunks.push(chunk);
  }
  const content = status === 204 || status === 304 ? null : Buffer.concat(chunks);
  return new Response(content, {
    status,
    headers: { 'content-type': answer.headers['content-type'] ?? '' },
  });
};
