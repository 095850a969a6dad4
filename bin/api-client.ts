import type * as z from 'zod';
import type * as containmentSchemas from '../lambdas/http/containment-schemas.ts';
import type * as credentialSchemas from '../lambdas/http/credential-schemas.ts';
import type * as runSchemas from '../lambdas/http/run-schemas.ts';
import type * as otherSchemas from '../lambdas/http/schemas.ts';

type Schemas = typeof containmentSchemas & typeof credentialSchemas & typeof runSchemas & typeof otherSchemas;

/** What the API's bodies look like, by the schemas that its OpenAPI is made of. */
export type Wire = {
  readonly [Name in keyof Schemas]: Schemas[Name] extends z.ZodType ? z.output<Schemas[Name]> : never;
};

/** What came back: the status, the body as it was, and the receipt of its audit entry. */
export interface ApiAnswer<T = unknown> {
  readonly status: number;
  readonly body: T;
  readonly receipt: string | undefined;
  readonly headers: Headers;
  readonly durationMs: number;
}

export interface ApiClient {
  get<T>(path: string, headers?: Record<string, string>): Promise<ApiAnswer<T>>;
  post<T>(path: string, body?: object, headers?: Record<string, string>): Promise<ApiAnswer<T>>;
  end<T>(path: string, body?: object): Promise<ApiAnswer<T>>;
  /** Every receipt that answers carried, for whoever verifies the trail afterwards. */
  readonly receipts: readonly string[];
}

/** A caller of the API with one token, as a crew would be. The caller says what it expects; nothing is checked here. */
export const createApiClient = (baseUrl: string, token: string): ApiClient => {
  const receipts: string[] = [];
  const call = async <T>(method: string, path: string, init: RequestInit = {}): Promise<ApiAnswer<T>> => {
    const startedAt = performance.now();
    const headers = { authorization: `Bearer ${token}`, ...init.headers };
    const answer = await fetch(baseUrl + path, { method, ...init, headers });
    const text = await answer.text();
    const receipt = answer.headers.get('latchkey-audit') ?? undefined;
    if (receipt) receipts.push(receipt);
    const isJson = answer.headers.get('content-type')?.includes('json');
    return {
      status: answer.status,
      body: isJson ? JSON.parse(text) : text,
      receipt,
      headers: answer.headers,
      durationMs: performance.now() - startedAt,
    };
  };
  return {
    receipts,
    get: (path, headers = {}) => call('GET', path, { headers }),
    post: (path, body = {}, headers = {}) =>
      call('POST', path, {
        body: JSON.stringify(body),
        headers: { 'content-type': 'application/json', ...headers },
      }),
    end: (path, body) =>
      call(
        'DELETE',
        path,
        body && { body: JSON.stringify(body), headers: { 'content-type': 'application/json' } },
      ),
  };
};
