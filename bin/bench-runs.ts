import { fork } from 'node:child_process';
import { once } from 'node:events';
import { Client } from 'pg';
import { maskRows } from '../lambdas/core/masking/mask-rows.ts';
import { classify } from '../lambdas/core/sql/classify.ts';
import { loadParser } from '../lambdas/core/sql/parser.ts';
import type { Wire } from './api-client.ts';
import { type Bench, openTask, RESOURCE, vend } from './bench-crew.ts';
import type { GovernedResult, RouteResult, RunsResult } from './bench-results.ts';
import { measure, type Sample } from './bench-routes.ts';
import type { RunnerWork } from './bench-runner-process.ts';
import { summarize } from './bench-statistics.ts';
import { expect } from './expect-status.ts';

const SIZES = [1, 100, 10_000] as const;
const COLUMNS_COUNT = 4;
/** Of the largest size this stays within what one task may read. */
const TURNS_COUNT = 15;
const WARM_UP_COUNT = 3;
const STATEMENT_BYTES = 4 * 1024;
const CLASSIFIED_COUNT = 500;
const MASKED_ROWS_COUNT = 20_000;

export interface RunsMeasured {
  readonly runs: RunsResult;
  readonly routes: readonly RouteResult[];
}

/** Statements that Latchkey executes, against the same ones by a plain client; and its parts by themselves. */
export const measureRuns = async (bench: Bench): Promise<RunsMeasured> => {
  const ids: string[] = [];
  const reading = await askFor(bench, 'postgres:read');
  const requestRun = await measure(bench, 'requestRun', async () => {
    const answer = await run(bench, reading, 1);
    ids.push(answer.body.id);
    return answer;
  });
  const readRun = await measure(bench, 'readRun', async (n) =>
    expect(await bench.crew.get(`/v1/runs/${ids[n % ids.length]}`), 200),
  );
  const cancelRun = await measure(bench, 'cancelRun', async (n) =>
    expect(await bench.crew.end(`/v1/runs/${ids[n % ids.length]}`), 200),
  );
  const plans = await measurePlans(bench, reading);
  const governed: GovernedResult[] = [];
  for (const rows of SIZES) governed.push(await measureGoverned(bench, rows));
  return {
    routes: [requestRun, readRun, cancelRun, ...plans],
    runs: {
      governed,
      classifyMs: await measureClassify(),
      maskMbPerSecond: measureMask(),
      runnerMemoryMib: await measureMemory(bench),
    },
  };
};

/** Plans of one statement, which wait for people until they are withdrawn. */
const measurePlans = async (bench: Bench, grant: string): Promise<readonly RouteResult[]> => {
  const ids: string[] = [];
  const at = (turn: number) => `/v1/plans/${ids[turn % ids.length]}`;
  const asked = { grant, reason: 'benchmark', statements: [{ sql: sqlFor(1) }] };
  return [
    await measure(bench, 'requestPlan', async () => {
      const plan = expect(await bench.crew.post<Wire['PlanView']>('/v1/plans', asked), 202);
      ids.push(plan.body.id);
      return plan;
    }),
    await measure(bench, 'readPlan', async (n) => expect(await bench.crew.get(at(n)), 200)),
    await measure(bench, 'endPlan', async (n) => expect(await bench.crew.end(at(n)), 200)),
  ];
};

const askFor = async (bench: Bench, action: string): Promise<string> => {
  const task = (await openTask(bench)).body.id;
  const asked = { task, resource: RESOURCE, action, durationSeconds: 900, reason: 'benchmark' };
  const answer = await bench.crew.post<Wire['GrantView']>('/v1/grants', asked, { prefer: 'wait=20' });
  return expect(answer, 201).body.id;
};

const sqlFor = (rows: number): string =>
  `SELECT id, customer_id, placed_at, total_cents FROM orders CROSS JOIN generate_series(1, 17) LIMIT ${rows}`;

const run = async ({ crew }: Bench, grant: string, rows: number) =>
  expect(
    await crew.post<Wire['RunView']>(`/v1/grants/${grant}/runs`, { sql: sqlFor(rows), maxRows: rows }),
    200,
  );

/** In turns, with a login of its own for each plain query, since a run has one too. */
const measureGoverned = async (bench: Bench, rows: number): Promise<GovernedResult> => {
  const grant = await askFor(bench, 'postgres:read');
  const login = (await vend(bench, await askFor(bench, 'postgres:connect'))).body.postgres;
  const samples: (Sample & { readonly plainMs: number })[] = [];
  for (let turn = 0; turn < WARM_UP_COUNT + TURNS_COUNT; turn += 1) {
    const { durationMs: ms } = await run(bench, grant, rows);
    const plainMs = await plainQuery(login, sqlFor(rows));
    if (turn >= WARM_UP_COUNT) samples.push({ ms, plainMs, operations: [] });
  }
  return {
    rows,
    cells: rows * COLUMNS_COUNT,
    governed: summarize(samples.map(({ ms }) => ms)),
    plain: summarize(samples.map(({ plainMs }) => plainMs)),
  };
};

const plainQuery = async (
  login: Wire['PostgresCredentialView']['postgres'],
  sql: string,
): Promise<number> => {
  const startedAt = performance.now();
  const { host, port, database, user, password, sslrootcert } = login;
  const client = new Client({ host, port, database, user, password, ssl: { ca: sslrootcert } });
  await client.connect();
  await client.query(sql);
  await client.end();
  return performance.now() - startedAt;
};

const measureClassify = async () => {
  await loadParser();
  const term =
    "total_cents > 100 AND placed_at < now() - interval '7 days' AND customer_id IN (1, 2, 3) AND ";
  const filler = term.repeat(Math.ceil(STATEMENT_BYTES / term.length));
  const whole = filler.lastIndexOf('AND', STATEMENT_BYTES);
  const sql = `SELECT id FROM orders WHERE ${filler.slice(0, whole)} AND true`;
  const times: number[] = [];
  for (let turn = 0; turn < CLASSIFIED_COUNT; turn += 1) {
    const startedAt = performance.now();
    if (!classify(sql).ok) throw new Error('the statement of the benchmark is refused');
    times.push(performance.now() - startedAt);
  }
  // The first ones are compiled while they run.
  return summarize(times.slice(CLASSIFIED_COUNT / 10));
};

const TEXT = 25;

/** Rows as a shop has them: a name, a country, a sentence, and one sensitive column. */
const measureMask = (): number => {
  const fields = ['name', 'country', 'note', 'email'].map((name) => ({
    name,
    tableOid: 0,
    columnNumber: 0,
    typeOid: TEXT,
  }));
  const rows = Array.from({ length: MASKED_ROWS_COUNT }, (_, n) => [
    `Customer ${n}`,
    'DE',
    'Called about the delivery of last week, will call again on Monday.',
    `customer${n}@example.com`,
  ]);
  const pass = { kind: 'pass' } as const;
  const plans = [
    pass,
    pass,
    pass,
    { kind: 'sensitive', category: 'email', form: { kind: 'redact' } } as const,
  ];
  const bytes = rows.reduce((sum, row) => sum + row.join('').length, 0);
  const tools = { token: (text: string) => text, unmasked: new Set<string>() };
  maskRows({ plans, fields, rows }, tools);
  const startedAt = performance.now();
  maskRows({ plans, fields, rows }, tools);
  return bytes / 1_000 / (performance.now() - startedAt);
};

/** The largest resident size of a process that does what `runner` does for the largest answer, a few times over. */
const measureMemory = async (bench: Bench): Promise<number> => {
  const { aws } = bench.stack;
  const source = aws.functions.get('latchkey-runner')?.source;
  if (!source) throw new Error('there is no function latchkey-runner');
  const keys = aws.sessions.issue({ roleArn: source.roleArn, name: 'bench' });
  const work: RunnerWork = {
    configFile: `${source.directory}/config.json`,
    grant: await askFor(bench, 'postgres:read'),
    sql: sqlFor(10_000),
    turns: 5,
  };
  const child = fork(new URL('./bench-runner-process.ts', import.meta.url), {
    env: {
      AWS_REGION: 'us-east-1',
      AWS_ACCESS_KEY_ID: keys.accessKeyId,
      AWS_SECRET_ACCESS_KEY: keys.secretAccessKey,
      AWS_SESSION_TOKEN: keys.sessionToken,
    },
  });
  child.send(work);
  const ended = once(child, 'exit').then(([code]) => {
    throw new Error(`the runner benchmark ended with ${code}`);
  });
  const [mib] = (await Promise.race([once(child, 'message'), ended])) as [number];
  child.disconnect();
  return mib;
};
