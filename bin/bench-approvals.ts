import type { Wire } from './api-client.ts';
import type { Bench } from './bench-crew.ts';
import { openTask } from './bench-crew.ts';
import type { ApprovalsResult } from './bench-results.ts';
import { summarize } from './bench-statistics.ts';
import { type ConsoleVisitor, consoleVisitor } from './console-visitor.ts';
import { expect } from './expect-status.ts';

const TURNS_COUNT = 25;
const WARM_UP_COUNT = 3;
/** Grants of one task, fewer than it may have. */
const TURNS_PER_TASK = 14;

const REQUEST = { resource: 'billing-db', durationSeconds: 600, reason: 'benchmark' };

interface Turn {
  readonly bench: Bench;
  readonly person: ConsoleVisitor;
  task: string;
}

/**
 * From the press of *Approve* on the real page to what the agent has in its hands, who polls with `wait=20` as crews do:
 * the decision recorded, the workflow woken, policy asked again, and then a role made and a login signed, or a statement
 * executed. The page itself is opened before the clock starts.
 */
export const measureApprovals = async (bench: Bench): Promise<ApprovalsResult> => {
  const { issuer, certPem } = bench.stack;
  const person = consoleVisitor({
    login: 'ana.silva',
    password: issuer.passwordOf('ana.silva'),
    ca: certPem,
  });
  const turn: Turn = { bench, person, task: '' };
  const [credential, run] = [[] as number[], [] as number[]];
  for (let count = 0; count < WARM_UP_COUNT + TURNS_COUNT; count += 1) {
    if (count % TURNS_PER_TASK === 0) turn.task = (await openTask(bench)).body.id;
    const times = [await credentialTurn(turn), await runTurn(turn)] as const;
    if (count < WARM_UP_COUNT) continue;
    credential.push(times[0]);
    run.push(times[1]);
  }
  return { credential: summarize(credential), run: summarize(run) };
};

const credentialTurn = async ({ bench: { crew }, person, task }: Turn): Promise<number> => {
  const asked = expect(
    await crew.post<Wire['GrantView']>('/v1/grants', { ...REQUEST, task, action: 'postgres:connect' }),
    202,
  );
  const { id, approval } = asked.body;
  return decided(person, approval?.url, async () => {
    const grant = expect(await crew.get<Wire['GrantView']>(`/v1/grants/${id}?wait=20`), 200);
    // The first poll may see it approved and on its way.
    if (grant.body.state !== 'active') throw new Error(`the grant is ${grant.body.state}`);
    expect(await crew.post(`/v1/grants/${id}/credentials`), 201);
  });
};

const runTurn = async ({ bench: { crew }, person, task }: Turn): Promise<number> => {
  const asked = { ...REQUEST, task, action: 'postgres:write' };
  const grant = expect(await crew.post<Wire['GrantView']>('/v1/grants', asked, { prefer: 'wait=20' }), 201);
  const sql = 'UPDATE invoices SET paid = true WHERE id = 17';
  const waiting = expect(await crew.post<Wire['RunView']>(`/v1/grants/${grant.body.id}/runs`, { sql }), 202);
  const { id, approval } = waiting.body;
  return decided(person, approval?.url, async () => {
    const run = expect(await crew.get<Wire['RunView']>(`/v1/runs/${id}?wait=20`), 200);
    if (run.body.state !== 'succeeded') throw new Error(`the run is ${run.body.state}`);
  });
};

/** Milliseconds from the press to the end of `use`, which polls already when it is pressed. */
const decided = async (
  person: ConsoleVisitor,
  url: string | undefined,
  use: () => Promise<void>,
): Promise<number> => {
  if (url === undefined) throw new Error('nobody was asked');
  const page = await person.open(url);
  const used = use();
  const pressedAt = performance.now();
  await person.submit(page, 'approve');
  await used;
  return performance.now() - pressedAt;
};
