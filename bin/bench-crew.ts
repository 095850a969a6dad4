import type { LocalStack } from '../local/stack.ts';
import { POSTGRES_ACCESS } from './access-postgres.ts';
import { type ApiAnswer, type ApiClient, createApiClient, type Wire } from './api-client.ts';
import { expect } from './expect-status.ts';
import type { OpenAccess } from './kind-access.ts';

/** One call to AWS by one of the functions: `{ functionName: 'vend', operation: 'BatchGetItem' }`. */
export interface AwsCall {
  readonly functionName: string;
  readonly operation: string;
}

/** What every part of the benchmark works with: a running stack, somebody who uses it, and the calls it makes to AWS. */
export interface Bench {
  readonly stack: LocalStack;
  readonly crew: ApiClient;
  /** Grows while the stack runs. */
  readonly calls: readonly AwsCall[];
}

export const RESOURCE = 'orders-db';

export const newBench = async (stack: LocalStack, calls: readonly AwsCall[]): Promise<Bench> => ({
  stack,
  crew: createApiClient(stack.baseUrl, await stack.getToken('sales-crew')),
  calls,
});

export const openTask = async (
  { crew }: Bench,
  leaseSeconds?: number,
): Promise<ApiAnswer<Wire['TaskView']>> =>
  expect(
    await crew.post<Wire['TaskView']>('/v1/tasks', {
      name: 'benchmark',
      ...(leaseSeconds === undefined ? {} : { leaseSeconds }),
    }),
    201,
  );

/** With `wait` the answer comes when the grant is active (201), without at once (202). */
export const askForAccess = async (
  { crew }: Bench,
  task: string,
  wait: boolean,
): Promise<ApiAnswer<Wire['GrantView']>> =>
  expect(
    await crew.post<Wire['GrantView']>(
      '/v1/grants',
      { task, resource: RESOURCE, action: 'postgres:connect', durationSeconds: 900, reason: 'benchmark' },
      wait ? { prefer: 'wait=20' } : {},
    ),
    wait ? 201 : 202,
  );

export const readGrant = async ({ crew }: Bench, grant: string, query = ''): Promise<ApiAnswer> =>
  expect(await crew.get(`/v1/grants/${grant}${query}`), 200);

export const vend = async (
  { crew }: Bench,
  grant: string,
): Promise<ApiAnswer<Wire['PostgresCredentialView']>> =>
  expect(await crew.post<Wire['PostgresCredentialView']>(`/v1/grants/${grant}/credentials`), 201);

/** Connects as the grant's own user through a vended credential, over verified TLS, and asks something. */
export const openSession = async (bench: Bench, grant: string): Promise<OpenAccess> =>
  POSTGRES_ACCESS.newHolder().open(bench.stack, (await vend(bench, grant)).body);
