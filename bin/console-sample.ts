import type { LocalStack } from '../local/stack.ts';
import { type ApiAnswer, type ApiClient, createApiClient, type Wire } from './api-client.ts';
import { expect } from './expect-status.ts';

/** Something that waits for people: its own id, and the page it is decided on. */
export interface Waiting {
  readonly id: string;
  readonly url: string;
}

export interface PlanStatement {
  readonly sql: string;
  readonly params?: readonly (string | number | null)[];
  readonly times?: number;
}

/** One task of the sales crew in production, which people are asked about. */
export interface ConsoleSample {
  readonly crew: ApiClient;
  readonly task: string;
  /** The grant that runs and plans are asked for under. */
  readonly writing: string;
  askRun(statement?: PlanStatement): Promise<Waiting>;
  askLogin(reason?: string): Promise<Waiting>;
  askPlan(statements: readonly PlanStatement[]): Promise<Waiting>;
}

export const TASK_NAME = 'Close the books of July';
export const REASON = 'Invoice 25 was paid by bank transfer, and the message of the bank got lost.';
/** One row of the sample database, which is not paid yet. */
export const PAY: PlanStatement = {
  sql: 'UPDATE invoices\nSET paid = true\nWHERE id = $1\n  AND NOT paid',
  params: [25],
};

export const openConsoleSample = async (stack: LocalStack): Promise<ConsoleSample> => {
  const crew = createApiClient(stack.baseUrl, await stack.getToken('sales-crew'));
  const task = expect(await crew.post<Wire['TaskView']>('/v1/tasks', { name: TASK_NAME }), 201).body.id;
  const asked = { task, resource: 'billing-db', durationSeconds: 900, reason: REASON };
  const write = await crew.post<Wire['GrantView']>(
    '/v1/grants',
    { ...asked, action: 'postgres:write' },
    { prefer: 'wait=20' },
  );
  const writing = expect(write, 201).body.id;
  return {
    crew,
    task,
    writing,
    askRun: async (statement = PAY) => waitingOf(await crew.post(`/v1/grants/${writing}/runs`, statement)),
    askLogin: async (reason = 'Compare the invoices of July with the bank.') =>
      waitingOf(await crew.post('/v1/grants', { ...asked, action: 'postgres:connect', reason })),
    askPlan: async (statements) =>
      waitingOf(await crew.post('/v1/plans', { grant: writing, reason: REASON, statements })),
  };
};

type Asked = ApiAnswer<{ readonly id: string; readonly approval?: { readonly url: string } | undefined }>;

const waitingOf = (answer: Asked): Waiting => {
  const { id, approval } = expect(answer, 202).body;
  if (!approval) throw new Error(`nobody is asked about ${id}`);
  return { id, url: approval.url };
};
