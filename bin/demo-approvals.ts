import type { LocalStack } from '../local/stack.ts';
import type { ApiAnswer, ApiClient, Wire } from './api-client.ts';
import { type ConsoleVisitor, consoleVisitor, wordsOf } from './console-visitor.ts';
import { expect } from './expect-status.ts';
import type { Narrator } from './narrator.ts';

export interface ApprovalScene {
  readonly stack: LocalStack;
  readonly crew: ApiClient;
  readonly task: string;
  readonly narrator: Narrator;
}

type Grant = Wire['GrantView'];
type Run = Wire['RunView'];

const PRODUCTION = { resource: 'billing-db', durationSeconds: 600, reason: 'Mend the invoices of order 17' };
/** Short, so that the story gets to its end. */
const NOBODY_SECONDS = 5;

/** What production asks people for: an update that waits, a login that is denied, a request that nobody answers, a plan. */
export const tellApprovals = async (scene: ApprovalScene): Promise<void> => {
  const forgotten = await ask(scene, { action: 'postgres:connect', approvalSeconds: NOBODY_SECONDS });
  const ana = visitorFor(scene.stack);
  const { body: write } = await ask(scene, { action: 'postgres:write' }, 201);
  await updateOne(scene, ana, write.id);
  await denyLogin(scene, ana);
  await planOfThree(scene, ana, write.id);
  await nobodyAnswers(scene, forgotten.body.id);
};

const ask = async ({ crew, task }: ApprovalScene, change: object, status = 202) =>
  expect(
    await crew.post<Grant>(
      '/v1/grants',
      { ...PRODUCTION, task, ...change },
      status === 201 ? { prefer: 'wait=20' } : {},
    ),
    status,
  );

/** A database administrator of the sample company, at the real pages, over https. */
const visitorFor = ({ issuer, certPem }: LocalStack): ConsoleVisitor =>
  consoleVisitor({ login: 'ana.silva', password: issuer.passwordOf('ana.silva'), ca: certPem });

const addressOf = ({ approval }: Pick<Run, 'approval'>): string => {
  if (!approval) throw new Error('nobody was asked');
  return approval.url;
};

const UPDATE = 'UPDATE invoices SET paid = true WHERE id = 17';

const updateOne = async (scene: ApprovalScene, ana: ConsoleVisitor, grant: string): Promise<void> => {
  const { crew, narrator } = scene;
  const run = expect(await crew.post<Run>(`/v1/grants/${grant}/runs`, { sql: UPDATE }), 202);
  narrator.step(
    `${UPDATE}, in production`,
    [
      `Not without people: ${run.body.approval?.quorum} must approve. It waits; the crew goes on with other work.`,
    ],
    run,
  );
  narrator.step('Slack tells the channel of the database', [await messageAbout(scene, run.body)]);
  const page = await ana.open(addressOf(run.body));
  const words = wordsOf(page.body);
  if (!words.includes(UPDATE)) throw new Error('the page does not show the statement');
  narrator.step('Ana Silva opens the link, signs in, and sees everything that would happen', [
    `The statement, whole: ${UPDATE}`,
    `EXPLAIN: ${/database estimates (\d+)/.exec(words)?.[1] ?? 'no'} row. Bound to digest ${run.body.approval?.digest?.slice(0, 12)}…`,
  ]);
  await ana.submit(page, 'approve', { note: 'checked with finance' });
  const done = expect(await crew.get<Run>(`/v1/runs/${run.body.id}?wait=20`), 200);
  if (done.body.state !== 'succeeded') throw new Error(`the run is ${done.body.state}`);
  const waitedMs = Date.parse(done.body.endedAt ?? '') - Date.parse(done.body.startedAt ?? '');
  narrator.step(
    'She approves, and it runs once, whoever waits for it',
    [
      `${done.body.rowCount} row changed in ${waitedMs} ms. Her note reaches the crew: “${done.body.approval?.note}”.`,
    ],
    done,
  );
};

/** What the channel shows, as Slack's own clients announce it. */
const messageAbout = async ({ stack }: ApprovalScene, { approval }: Run): Promise<string> => {
  for (const end = Date.now() + 10_000; Date.now() < end; ) {
    const found = stack.slack.messages().find((one) => JSON.stringify(one).includes(approval?.id ?? '?'));
    if (found) return `${found.text} (${stack.slack.url})`;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error('nobody was told');
};

const denyLogin = async (scene: ApprovalScene, ana: ConsoleVisitor): Promise<void> => {
  const { crew, narrator } = scene;
  const asked = await ask(scene, { action: 'postgres:connect' });
  await ana.submit(await ana.open(addressOf(asked.body)), 'deny', {
    note: 'No login for this: run the statements, as before.',
  });
  const denied = expect(await crew.get<Grant>(`/v1/grants/${asked.body.id}?wait=20`), 200);
  if (denied.body.denial !== 'denied_by_person') throw new Error(`the grant is ${denied.body.state}`);
  narrator.step(
    'It asks for a login to production instead',
    [`Denied by ${denied.body.approval?.decidedBy?.join(', ')}: “${denied.body.approval?.note}”`],
    denied,
  );
};

const PLAN = [
  { sql: 'UPDATE invoices SET paid = true WHERE id = $1', params: [21] },
  { sql: 'UPDATE invoices SET paid = true WHERE id = $1', params: [22] },
  { sql: 'DELETE FROM invoices WHERE id = $1', params: [23] },
];

const planOfThree = async (scene: ApprovalScene, ana: ConsoleVisitor, grant: string): Promise<void> => {
  const { crew, narrator } = scene;
  const plan = expect(
    await crew.post<Wire['PlanView']>('/v1/plans', { grant, reason: PRODUCTION.reason, statements: PLAN }),
    202,
  );
  const page = await ana.open(plan.body.approval.url);
  await ana.submit(page, 'approve');
  const answers: ApiAnswer<Run>[] = [];
  for (const statement of PLAN)
    answers.push(await crew.post<Run>(`/v1/grants/${grant}/runs`, { ...statement, plan: plan.body.id }));
  if (answers.some(({ status }) => status !== 200)) throw new Error('a statement of the plan did not run');
  const again = await crew.post<Wire['ProblemView']>(`/v1/grants/${grant}/runs`, {
    ...PLAN[2],
    plan: plan.body.id,
  });
  narrator.step(
    `It shows ${PLAN.length} statements as one plan, which is approved as one`,
    [
      ...PLAN.map(({ sql, params }, index) => `${sql} with ${params} → ${answers[index]?.body.rowCount} row`),
      `The last one once more: refused (${expect(again, 409).body.code}): ${again.body.detail}`,
    ],
    plan,
  );
};

const nobodyAnswers = async ({ crew, narrator }: ApprovalScene, grant: string): Promise<void> => {
  const lapsed = expect(await crew.get<Grant>(`/v1/grants/${grant}?wait=20`), 200);
  if (lapsed.body.state !== 'lapsed') throw new Error(`the grant is ${lapsed.body.state}`);
  narrator.step(
    `The request that nobody has answered for ${NOBODY_SECONDS} seconds`,
    [`${lapsed.body.state} (${lapsed.body.cause}). Nothing was ever made for it.`],
    lapsed,
  );
};
