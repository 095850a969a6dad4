import type { IncomingMessage } from 'node:http';
import { Agent, request } from 'node:https';
import type * as z from 'zod';
import { DependencyUnavailable } from '../../app/ports.ts';
import type { EksResource } from '../../core/config/resource.ts';
import { KUBERNETES_ANSWER_MAX_BYTES, KUBERNETES_TIMEOUT_MS } from '../../core/eks/limits.ts';
import type { SignInOwn } from './own-eks-token.ts';

/** The cluster answered no. Only the number travels on: its words may hold names of the target. */
export class ClusterRefusal extends Error {
  override readonly name = 'ClusterRefusal';
  readonly status: number;
  readonly code: string;
  constructor(status: number) {
    super(`the cluster refused with ${status}`);
    this.status = status;
    this.code = `http_${status}`;
  }
}

export interface Call {
  readonly method: 'GET' | 'POST' | 'PATCH' | 'DELETE';
  /** From the root, each part of it escaped. */
  readonly path: string;
  readonly body?: object;
}

/** Throws `ClusterRefusal`, or `DependencyUnavailable` when no answer came that can be understood. */
export type KubernetesApi = <T>(call: Call, schema: z.ZodType<T>) => Promise<T>;

/**
 * One piece of work as the administrator. Its connections are its own and end with it, since a function that was frozen
 * finds them cut.
 */
export const inCluster = async <T>(
  { resource, signInOwn }: { readonly resource: EksResource; readonly signInOwn: SignInOwn },
  work: (api: KubernetesApi) => Promise<T>,
): Promise<T> => {
  const { endpoint, caPem } = resource.target;
  const token = await signInOwn(resource);
  // The pinned authority stands in the place of all that the machine trusts.
  const agent = new Agent({ keepAlive: true, ca: caPem, minVersion: 'TLSv1.2', rejectUnauthorized: true });
  const api: KubernetesApi = async (call, schema) => {
    const answer = await send({ endpoint, token, agent }, call).catch((error: unknown) => {
      throw new DependencyUnavailable('target', error);
    });
    if (answer.status === 429 || answer.status >= 500)
      throw new DependencyUnavailable('target', new Error(`http_${answer.status}`));
    if (answer.status < 200 || answer.status > 299) throw new ClusterRefusal(answer.status);
    return understood(answer.text, schema);
  };
  try {
    return await work(api);
  } finally {
    agent.destroy();
  }
};

/** What is not of the expected form says nothing, neither yes nor no. */
const understood = <T>(text: string, schema: z.ZodType<T>): T => {
  try {
    return schema.parse(JSON.parse(text));
  } catch {
    throw new DependencyUnavailable('target', new Error('an answer of another form'));
  }
};

interface Way {
  readonly endpoint: string;
  readonly token: string;
  readonly agent: Agent;
}

/** No redirect is followed: the token is for this server. */
const send = (
  { endpoint, token, agent }: Way,
  { method, path, body }: Call,
): Promise<{ status: number; text: string }> =>
  new Promise((resolve, reject) => {
    const type = method === 'PATCH' ? 'application/merge-patch+json' : 'application/json';
    const bytes = body && Buffer.from(JSON.stringify(body));
    const headers = {
      authorization: `Bearer ${token}`,
      accept: 'application/json',
      'user-agent': 'latchkey',
      // Node frames the body of a DELETE only when it is told its length.
      ...(bytes ? { 'content-type': type, 'content-length': bytes.length } : {}),
    };
    const signal = AbortSignal.timeout(KUBERNETES_TIMEOUT_MS);
    const sent = request(new URL(path, endpoint), { method, agent, headers, signal }, (answer) => {
      readText(answer).then((text) => resolve({ status: answer.statusCode ?? 0, text }), reject);
    });
    sent.on('error', reject);
    sent.end(bytes);
  });

const readText = async (answer: IncomingMessage): Promise<string> => {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of answer) {
    bytes += chunk.length;
    if (bytes > KUBERNETES_ANSWER_MAX_BYTES) throw new Error('an answer that is too large');
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
};
