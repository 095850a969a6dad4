import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { mock } from 'node:test';
import { localExport } from '../../bin/local-export.ts';
import type { ClientId } from '../../examples/people/oidc-provider.ts';
import type { PersonName } from '../../examples/people/people.ts';
import { type ExportReport, verifyExport } from '../../lambdas/core/audit/audit-export.ts';
import { parseReceipt } from '../../lambdas/core/audit/chain.ts';
import type { AuditEntry } from '../../lambdas/core/audit/entry.ts';
import { closeServer, listenOnLoopback } from '../../local/loopback.ts';
import { Sessions } from '../../local/sessions.ts';
import { type LocalStack, type StackOptions, startStack } from '../../local/stack.ts';
import { type RawAnswer, type RawCall, rawCall } from './raw-call.ts';

/** A call with a token and, where it has one, a JSON body; anything else is said in the call itself. */
export interface Ask extends Omit<RawCall, 'body'> {
  readonly json?: unknown;
  readonly body?: string | Buffer;
}

export interface Caller {
  readonly token: string;
  ask(ask: Ask): Promise<RawAnswer>;
}

export interface AwsCall {
  /** The function whose role it was. */
  readonly role: string;
  readonly action: string;
}

/** The product as it runs here, with everything that can be seen from around it. */
export interface RunningStack {
  readonly dataDir: string;
  /** The one that is up: a restart replaces it. */
  stack(): LocalStack;
  /** Lines that functions have logged since the first start. */
  readonly logs: readonly { readonly function: string; readonly line: string }[];
  readonly awsCalls: readonly AwsCall[];
  /** Told of each call to AWS before it is done. */
  watchCalls(watcher: ((call: AwsCall) => void) | undefined): void;
  /** What some role asked AWS for and was not allowed. */
  refusals(): readonly string[];
  /** Every session of any role that was ever issued. */
  sessions(): readonly { secretAccessKey: string; sessionToken: string }[];
  /** Every answer that any caller got. */
  readonly answers: readonly { readonly ask: Ask; readonly answer: RawAnswer }[];
  caller(client: ClientId): Promise<Caller>;
  person(name: PersonName): Promise<Caller>;
  callerWith(token: string | undefined): Caller;
  items(table: 'grants' | 'audit'): Promise<readonly Item[]>;
  trail(): Promise<readonly AuditEntry[]>;
  /** The trail, exported and held against every receipt that any caller was given. */
  verifyTrail(): Promise<ExportReport>;
  restart(): Promise<void>;
  remove(): Promise<void>;
}

export type Item = Readonly<Record<string, { readonly S?: string; readonly N?: string }>>;

/** Starts the whole product in a directory of its own. A test file has one, because starting takes seconds. */
export const runStack = async (options: Pick<StackOptions, 'mariadb'> = {}): Promise<RunningStack> => {
  const dataDir = mkdtempSync(join(tmpdir(), 'latchkey-e2e-'));
  // The user that PostgreSQL runs as must be able to go through, or its files would be put elsewhere.
  chmodSync(dataDir, 0o711);
  const logs: { function: string; line: string }[] = [];
  const awsCalls: AwsCall[] = [];
  const answers: { ask: Ask; answer: RawAnswer }[] = [];
  const isAllowed = mock.method(Sessions.prototype, 'isAllowed');
  const issue = mock.method(Sessions.prototype, 'issue');
  let watcher: ((call: AwsCall) => void) | undefined;
  // The same after a restart: tokens name their issuer by its address, and the configuration names where targets are.
  const ports = await freePorts();
  const start = () =>
    startStack({
      ...options,
      dataDir,
      ports,
      onLog: (name, line) => logs.push({ function: name, line }),
      onCall: ({ roleArn, action }) => {
        const call = { role: roleArn.split('/latchkey-').at(-1) ?? roleArn, action };
        awsCalls.push(call);
        watcher?.(call);
      },
    });
  let stack = await start();
  const callerWith = (token: string | undefined): Caller => ({
    token: token ?? '',
    async ask(ask) {
      const answer = await rawCall(stack.baseUrl, withToken(ask, token));
      answers.push({ ask, answer });
      return answer;
    },
  });
  return {
    dataDir,
    stack: () => stack,
    logs,
    awsCalls,
    watchCalls: (next) => {
      watcher = next;
    },
    refusals: () =>
      isAllowed.mock.calls
        .filter(({ result }) => result !== true)
        .map(({ arguments: [who, { action, resource }] }) => {
          const role = typeof who === 'string' ? who : who.roleArn;
          return `${role} ${action} ${resource}`;
        }),
    sessions: () => issue.mock.calls.flatMap(({ result }) => (result ? [result] : [])),
    answers,
    caller: async (client) => callerWith(await stack.getToken(client)),
    person: async (name) => callerWith(await stack.getPersonToken(name)),
    callerWith,
    items: (table) => scan(stack, table),
    trail: async () =>
      (await localExport(stack)).map((line) => JSON.parse(line)).filter(({ type }) => type === 'entry'),
    async verifyTrail() {
      const receipts = answers.map(({ answer }) => parseReceipt(answer.headers['latchkey-audit'] ?? ''));
      return verifyExport(
        await localExport(stack),
        receipts.filter((receipt) => receipt !== undefined),
      );
    },
    async restart() {
      await stack.stop();
      stack = await start();
    },
    async remove() {
      await stack.stop();
      rmSync(dataDir, { recursive: true, force: true });
      mock.restoreAll();
    },
  };
};

const freePorts = async () => {
  const servers = Array.from({ length: 9 }, () => createServer());
  const [api = 0, issuer = 0, console = 0, slack = 0, cluster = 0, machine = 0, ...databases] =
    await Promise.all(servers.map((one) => listenOnLoopback(one)));
  await Promise.all(servers.map(closeServer));
  const [database = 0, passwordDatabase = 0, mysql = 0] = databases;
  return { api, issuer, console, slack, cluster, machine, database, passwordDatabase, mysql };
};

const withToken = ({ json, ...call }: Ask, token: string | undefined): RawCall => ({
  ...call,
  headers: {
    ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
    ...(json === undefined ? {} : { 'content-type': 'application/json' }),
    ...call.headers,
  },
  ...(json === undefined ? {} : { body: JSON.stringify(json) }),
});

const scan = async ({ aws, tables }: LocalStack, table: 'grants' | 'audit'): Promise<readonly Item[]> => {
  const items: Item[] = [];
  let from: unknown;
  do {
    const page = await aws.dynamo.call('Scan', {
      TableName: tables[table],
      ...(from ? { ExclusiveStartKey: from } : {}),
    });
    items.push(...(page.Items as Item[]));
    from = page.LastEvaluatedKey;
  } while (from);
  return items;
};
