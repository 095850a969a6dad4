import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, suite, test } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import * as z from 'zod';
import { createApiClient, type Wire } from '../../bin/api-client.ts';
import { EXAMPLE, prepareCrewai } from '../../bin/crewai-environment.ts';
import { type CrewOutcome, runCrew } from '../../bin/run-crew.ts';
import type { ClientId } from '../../examples/people/oidc-provider.ts';
import { localCertificate } from '../../local/certificates.ts';
import { type LocalStack, startStack } from '../../local/stack.ts';
import { decideInConsole } from './decide-in-console.ts';

/** What `crewai_scene.py` writes down. */
const Seen = z.object({
  /** Hosts other than this machine that anything asked for. */
  lookups: z.array(z.string()),
  secrets: z.array(z.string()),
  messages: z.array(z.string()),
  events: z.array(z.string()),
  /** Local variables of the frames of errors. */
  traces: z.array(z.string()),
  grants: z.array(z.string()),
  /** Of each connection: whether the name is checked, how, and by how many authorities. */
  tls: z.array(z.tuple([z.boolean(), z.string(), z.int()])),
  answer: z.string().optional(),
  error: z.string().optional(),
  /** Whether each connection still works when the crew is done. */
  alive: z.array(z.boolean()).default([]),
});

interface Played {
  readonly seen: z.output<typeof Seen>;
  readonly outcome: CrewOutcome;
  readonly token: string;
  readonly home: string;
}

/** What the seed of the sample database says. */
const ROWS = ['id | total_cents', '1 | 8419', '2 | 16338'];

const root = mkdtempSync(join(tmpdir(), 'latchkey-crewai-'));
const logs: string[] = [];
let python = '';
let stack: LocalStack;

before(async () => {
  python = await prepareCrewai((what) => console.error(what));
  stack = await startStack({ dataDir: join(root, 'stack'), onLog: (_, line) => logs.push(line) });
  await localCertificate(join(root, 'other'));
});

after(async () => {
  await stack.stop();
  rmSync(root, { recursive: true });
});

const play = async (scene: string, client: ClientId = 'sales-crew'): Promise<Played> => {
  const token = await stack.getToken(client);
  const home = join(root, scene);
  const report = join(root, `${scene}.json`);
  const script = [join(import.meta.dirname, 'crewai_scene.py'), scene, report, join(root, 'other/ca.pem')];
  const outcome = await runCrew({ python, script, baseUrl: stack.baseUrl, token, home });
  return { seen: Seen.parse(JSON.parse(readFileSync(report, 'utf8'))), outcome, token, home };
};

const grantOf = async ({ seen, token }: Played): Promise<Wire['GrantView']> => {
  const { body } = await createApiClient(stack.baseUrl, token).get<Wire['GrantView']>(
    `/v1/grants/${seen.grants[0]}`,
  );
  return body;
};

const filesBelow = (directory: string): readonly string[] =>
  readdirSync(directory, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map(({ parentPath, name }) => readFileSync(join(parentPath, name), 'latin1'));

/** A password is found also when only its telling parts are there. */
const partsOf = (secret: string): readonly string[] => [
  secret,
  ...[...secret.matchAll(/X-Amz-(?:Signature|Security-Token)=([^&]+)/g)].map(([, part = secret]) => part),
];

/** Everything that left the tool, was recorded by CrewAI or printed, or was logged by the functions. */
const assertSecret = ({ seen, outcome, token, home }: Played): void => {
  assert.ok(seen.secrets.length > 0, 'there was a password to keep');
  const places = {
    messages: seen.messages,
    events: seen.events,
    traces: seen.traces,
    answer: [seen.answer ?? '', seen.error ?? ''],
    stdout: [outcome.stdout],
    stderr: [outcome.stderr],
    files: filesBelow(home),
    logs,
  };
  for (const secret of [...seen.secrets.flatMap(partsOf), token])
    for (const [place, texts] of Object.entries(places))
      assert.ok(!texts.some((text) => text.includes(secret)), `a secret is in ${place}`);
};

const assertOver = async (played: Played): Promise<void> => {
  const { state, cause, ending } = await grantOf(played);
  assert.deepEqual([state, cause, ending?.status], ['released', 'task_ended', 'dead']);
  assert.ok(!played.seen.alive.includes(true), 'no connection outlives the task');
};

/** What was asked of people ends with its task like everything else, and opened no login. */
const assertLet = async (played: Played): Promise<void> => {
  assert.deepEqual([played.seen.secrets, played.seen.lookups], [[], []]);
  assert.notEqual((await grantOf(played)).state, 'active');
};

suite('a crew with the real CrewAI', { concurrency: 2 }, () => {
  test('answers from real rows, over TLS that trusts one authority, and talks to nobody else', async () => {
    const played = await play('answers');
    assert.deepEqual(played.seen.answer?.split('\n'), ROWS);
    assert.deepEqual(played.seen.tls, [[true, 'CERT_REQUIRED', 1]]);
    assert.deepEqual(played.seen.lookups, []);
    assert.ok(played.seen.events.some((event) => event.includes('ToolUsageFinishedEvent')));
    assert.deepEqual(played.seen.alive, [false]);
    assertSecret(played);
    await assertOver(played);
  });

  test('gives everything back when its task fails', async () => {
    const played = await play('fails');
    assert.match(played.seen.error ?? '', /the model is gone/);
    assert.deepEqual(played.seen.alive, [false]);
    assertSecret(played);
    await assertOver(played);
  });

  test('gives everything back when it is interrupted, of which CrewAI tells nobody', async () => {
    const played = await play('is interrupted');
    assert.match(played.seen.error ?? '', /KeyboardInterrupt/);
    assert.deepEqual(played.seen.alive, [false]);
    assertSecret(played);
    await assertOver(played);
  });

  test('gives everything back with each of its tasks, and not only at its own end', async () => {
    const played = await play('moves on');
    assert.equal(played.seen.answer, 'The access of the first task is released.');
    await assertOver(played);
  });

  test('needs no more than the lines that its README shows', async () => {
    const [, lines = ''] =
      /```python\n(.*?)```/s.exec(readFileSync(join(EXAMPLE, 'README.md'), 'utf8')) ?? [];
    assert.ok(lines.split('\n').filter((line) => line.trim() !== '').length <= 14);
    const token = await stack.getToken('sales-crew');
    const run = { python, script: ['-c', lines], baseUrl: stack.baseUrl, token, home: join(root, 'readme') };
    assert.deepEqual(await runCrew(run), { exitCode: 0, stdout: '[[600]]\n', stderr: '' });
  });

  test('gives back at exit what was asked for outside of any task', async () => {
    const played = await play('forgets');
    assert.equal(played.seen.answer, '[[1, 8419], [2, 16338]]');
    await assertOver(played);
  });

  test('is told in words why another crew may not, and nothing was opened', async () => {
    const { seen } = await play('is denied', 'other-crew');
    assert.match(seen.answer ?? '', /^Policy does not allow this\. Orders hold .* Do not ask again;/);
    assert.match(seen.answer ?? '', /\(code: policy_denied\)$/);
    assert.deepEqual(seen.tls, []);
  });

  test('goes on after a bad statement and after a broken connection, under the same grant', async () => {
    const played = await play('mends');
    assert.deepEqual(played.seen.answer?.split('\n'), [
      'PostgreSQL: relation "nowhere" does not exist (code: 42P01)',
      ...ROWS,
      'orders-db did not answer. Call this tool again. (code: unreachable)',
      ...ROWS,
    ]);
    assert.equal(new Set(played.seen.grants).size, 1);
    assert.deepEqual(played.seen.alive, [false, false]);
    assertSecret(played);
    await assertOver(played);
  });

  test('asks anew when its grant was over before its task', async () => {
    const played = await play('asks anew');
    assert.deepEqual(played.seen.answer?.split('\n'), [
      ...ROWS,
      'orders-db did not answer. Call this tool again. (code: unreachable)',
      'The grant is over. It is over (released). Ask for a new grant if it is still needed. (code: grant_over)',
      ...ROWS,
    ]);
    assert.equal(new Set(played.seen.grants).size, 2);
    assert.deepEqual(played.seen.alive, [false, false]);
    assertSecret(played);
  });

  test('is told that people must approve first, and leaves no request behind', async () => {
    const played = await play('must wait');
    const told =
      /^Waiting for people \(g_\w+\): 1 must still approve, until \S+Z, at https:\/\/localhost:\d+\/console\/approvals\/a_\w+\. They have been asked; do not ask again in other words\. Go on with other work meanwhile, and call this tool again later: that asks nobody twice\.$/;
    assert.match(played.seen.answer ?? '', told);
    assert.equal((await grantOf(played)).state, 'cancelled');
  });

  test('waits for people, and has its rows and what they said once they approve', async () => {
    const decision = { form: 'approve', note: 'Checked with the bank.' } as const;
    const [played] = await Promise.all([
      play('waits for people'),
      decideInConsole(stack, 'Invoice 5 was paid', decision),
    ]);
    const said = 'People approved this (ana.silva). They said: "Checked with the bank."';
    assert.equal(played.seen.answer, `[['5', True]]\n${said}`);
    assert.ok(!played.seen.events.some((event) => event.includes('ToolFailure')), 'waiting is no failure');
    await assertLet(played);
  });

  test('goes on when people take their time, looks again, and is told in their words why not', async () => {
    const decision = { form: 'deny', note: 'It was paid back in May.' } as const;
    const [played] = await Promise.all([
      play('is told no'),
      decideInConsole(stack, 'Invoice 10 was paid', decision),
    ]);
    const said = 'People denied this (ana.silva). They said: "It was paid back in May."';
    assert.equal(played.seen.answer, `${said} Do not ask again; go on without it. (code: denied_by_person)`);
    await assertLet(played);
  });

  test('gives up on people, and what they were asked is withdrawn with its task', async () => {
    const played = await play('gives up');
    const [, run] =
      /^Waiting for people \((r_\w+)\): 1 must still approve/.exec(played.seen.answer ?? '') ?? [];
    const api = createApiClient(stack.baseUrl, played.token);
    const { body } = await api.get<Wire['RunView']>(`/v1/runs/${run}`);
    assert.deepEqual([body.error?.code, body.approval?.state], ['cancelled_by_principal', 'cancelled']);
    await assertLet(played);
  });

  test('asks people once for the same statement, and can withdraw it', async () => {
    const { seen } = await play('asks twice');
    assert.match(
      seen.answer ?? '',
      /^1 cancelled It was withdrawn before anybody decided, .* go on without it\./,
    );
  });

  test('is told when people give less than it asked for', async () => {
    const decision = { form: 'approve', note: 'Two minutes will do.', seconds: '120' } as const;
    const [{ seen }] = await Promise.all([
      play('is given less'),
      decideInConsole(stack, 'Look for a while', decision),
    ]);
    const gave = 'They gave postgres:connect for 120 s, not postgres:connect for 900 s.';
    const said = 'People approved this (ana.silva). They said: "Two minutes will do."';
    assert.equal(seen.answer, `[[1]] ${said} ${gave}`);
  });

  test('goes on with reads when people give those in the place of a login', async () => {
    const decision = { form: 'approve', action: 'postgres:read' } as const;
    const [{ seen }] = await Promise.all([
      play('may only read'),
      decideInConsole(stack, 'Look around', decision),
    ]);
    const gave = 'They gave postgres:read for 900 s, not postgres:connect for 900 s.';
    const told = `People approved this (ana.silva). ${gave} Go on with what that allows. (code: given_less)`;
    assert.equal(seen.answer?.startsWith(`${told} [['600']]`), true, seen.answer);
    assert.deepEqual([seen.grants.length, seen.tls], [1, []]);
  });

  test('runs the statements of a plan as often as people have approved them together', async () => {
    const [{ seen }] = await Promise.all([
      play('follows a plan'),
      decideInConsole(stack, 'Two were paid', { form: 'approve' }),
    ]);
    const rows = "[[['20', True]], [['25', True]], [['20', True]]]";
    assert.equal(
      seen.answer?.startsWith(`${rows} Not by this plan. It has run as often as the plan says.`),
      true,
      seen.answer,
    );
  });

  test('reads without a login, sees no card number, and is told why it may not guess one', async () => {
    const played = await play('reads masked');
    const [row = '', mistake = '', guess = ''] = played.seen.answer?.split('\n') ?? [];
    assert.match(row, /^\[\['Customer 1', '\[masked:card …\d{4}\]'\]\]$/);
    assert.match(mistake, /The statement has 1 parameters, and `params` has 0\./);
    assert.match(guess, /public\.customers\.card is masked, so it can be shown but not compared/);
    assert.deepEqual([played.seen.secrets, played.seen.tls, played.seen.grants.length], [[], [], 1]);
    await assertOver(played);
  });

  test('keeps the secret also from error trackers when it cannot log in', async () => {
    const played = await play('cannot log in');
    assert.match(played.seen.answer ?? '', /^orders-db did not answer\./);
    assert.match(played.seen.traces.join(), /connect: .*'opened'/);
    assertSecret(played);
  });

  test('sends no password to a server that another authority vouches for', async () => {
    const played = await play('is lied to');
    assert.match(played.seen.answer ?? '', /^orders-db did not answer\./);
    assert.match(played.outcome.stderr, /CERTIFICATE_VERIFY_FAILED/);
    assertSecret(played);
    await assertOver(played);
  });

  test('keeps its access by heartbeats for longer than its lease', async () => {
    const played = await play('outlives its lease');
    assert.equal(played.seen.answer?.match(/1 \| 8419/g)?.length, 2);
    await assertOver(played);
  });

  test('loses everything within its lease when it is killed', async () => {
    const played = await play('is killed');
    assert.equal(played.outcome.exitCode, null);
    assert.equal((await grantOf(played)).state, 'active');
    const killedAt = Date.now();
    while ((await grantOf(played)).ending?.status !== 'dead') {
      assert.ok(Date.now() - killedAt < 30_000, 'the lease is 15 s');
      await pause(500);
    }
    assert.equal((await grantOf(played)).cause, 'lease_lost');
  });
});
