import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { MYSQL_ACCESS } from '../../bin/access-mysql.ts';
import { POSTGRES_PASSWORD_ACCESS } from '../../bin/access-postgres.ts';
import type { KindAccess, OpenAccess } from '../../bin/kind-access.ts';
import { findMariadb, MARIADB_MISSING } from '../../examples/targets/mysql/find-mariadb.ts';
import { GrantView } from '../../lambdas/http/schemas.ts';
import { endTask, newActive, newTask, release, requestAccess, vend } from '../e2e/asks.ts';
import { type Canary, findCanaries } from '../e2e/canaries.ts';
import { placesKept, placesSeen } from '../e2e/places.ts';
import { assertProblem } from '../e2e/problems.ts';
import { type Caller, type RunningStack, runStack } from '../e2e/running-stack.ts';

/** Databases with passwords through the whole product: gateway, functions with their roles, workflow, sweeper, a secret that is replaced. */
let running: RunningStack;
let crew: Caller;
/** Every password that was vended, as its caller got it. */
const passwords: string[] = [];
const opened: OpenAccess[] = [];

before(async () => {
  const mariadb = findMariadb();
  assert.ok(mariadb, MARIADB_MISSING);
  running = await runStack({ mariadb });
  crew = await running.caller('sales-crew');
});
after(async () => {
  for (const one of opened) await one.close().catch(() => undefined);
  await running.remove();
});

interface Login {
  readonly user: string;
  readonly password: string;
}

interface Scene {
  readonly access: KindAccess;
  /** The part of the answer that its client reads. */
  readonly part: 'postgres' | 'mysql';
  /** What its server says to a login that it refuses. */
  readonly refusal: RegExp;
  /** And to the administrator, once it is in, that wants to read a table. */
  readonly notForIt: RegExp;
  readonly steps: readonly string[];
}

type Answer = Readonly<Record<string, unknown>>;

const SCENES: Readonly<Record<string, Scene>> = {
  'tickets-db': {
    access: POSTGRES_PASSWORD_ACCESS,
    part: 'postgres',
    refusal: /^password authentication failed for user/,
    notForIt: /permission denied for table tickets/,
    steps: ['nologin', 'terminate', 'probe', 'reassign', 'drop_owned', 'drop_role', 'backends'],
  },
  'stock-db': {
    access: MYSQL_ACCESS,
    part: 'mysql',
    // Of a user that is gone it feigns the ways of some other, and so says it in either form.
    refusal: /^Access denied for user '\S+'@'\S+'( \(using password: YES\))?$/,
    notForIt: /SELECT command denied to user 'latchkey_admin'/,
    steps: ['nologin', 'terminate', 'prepared', 'probe', 'drop_defined', 'drop_user', 'sessions'],
  },
};

for (const [resource, { access, part, refusal, notForIt, steps }] of Object.entries(SCENES))
  describe(resource, () => {
    const ASKED = { ...access.request, durationSeconds: 600 };
    const loginIn = (answer: Answer) => answer[part] as Login;
    const credentialOf = async (grant: string): Promise<Answer> => {
      const answer = await crew.ask(vend(grant));
      assert.equal(answer.status, 201, answer.text);
      passwords.push(loginIn(answer.json as Answer).password);
      return answer.json as Answer;
    };
    const logIn = async (answer: Answer, change: Partial<Login> = {}): Promise<OpenAccess> => {
      const changed = { ...answer, [part]: { ...loginIn(answer), ...change } };
      const open = await access.newHolder().open(running.stack(), changed);
      opened.push(open);
      return open;
    };
    const isRefused = (answer: Answer, change: Partial<Login> = {}) =>
      assert.rejects(logIn(answer, change), ({ message }: Error) => refusal.test(message));

    test('a grant opens it for its own user, and its end closes it for the open session and for a new login', async () => {
      const { grant } = await newActive(running, crew, ASKED);
      const credential = await credentialOf(grant);
      const session = await logIn(credential);
      await session.use();
      assert.match(loginIn(credential).user, /^lk_/);
      const { ending } = GrantView.parse((await crew.ask(release(grant))).json);
      assert.deepEqual([ending?.status, ending?.steps?.map(({ name }) => name)], ['dead', steps]);
      assert.equal(ending?.steps?.find(({ name }) => name === 'probe')?.outcome, 'refused');
      assert.equal(ending?.steps?.find(({ name }) => name === 'terminate')?.outcome, 'ended_1');
      await session.cut();
      await assert.rejects(session.use());
      await isRefused(credential);
      assertProblem(await crew.ask(vend(grant)), 410, 'grant_over');
    });

    test('what proves one user proves no other, and two answers to one grant are the same', async () => {
      const [one, other] = [await newActive(running, crew, ASKED), await newActive(running, crew, ASKED)];
      const [first, second] = [await credentialOf(one.grant), await credentialOf(other.grant)];
      await isRefused(second, { user: loginIn(first).user });
      await isRefused(first, { user: loginIn(second).user });
      await isRefused(first, { user: 'latchkey_admin' });
      assert.equal(loginIn(await credentialOf(one.grant)).password, loginIn(first).password);
      await crew.ask(endTask(one.task));
      await isRefused(first);
      await logIn(second);
      await crew.ask(endTask(other.task));
      await isRefused(second);
    });

    test('other crews are let in by no policy, and see nothing of the grants of this one', async () => {
      const { grant, task } = await newActive(running, crew, ASKED);
      const other = await running.caller('other-crew');
      assertProblem(await other.ask(requestAccess(await newTask(other), ASKED)), 403, 'policy_denied');
      assertProblem(await other.ask(vend(grant)), 404, 'not_found');
      await crew.ask(endTask(task));
    });

    test('the administrator’s password was replaced by its first use, and nothing depends on the old one', async () => {
      const { first, now } = adminPasswords(resource);
      assert.notEqual(first, now);
      const { grant, task } = await newActive(running, crew, ASKED);
      const credential = await credentialOf(grant);
      const admin = { user: 'latchkey_admin' };
      await isRefused(credential, { ...admin, password: first });
      // It is let in, and may read no table.
      await assert.rejects(logIn(credential, { ...admin, password: now }), notForIt);
      await running.restart();
      const session = await logIn(credential);
      assert.equal(adminPasswords(resource).now, now);
      await crew.ask(endTask(task));
      await session.cut();
      await isRefused(credential);
    });
  });

const kept = (name: string): Readonly<Record<string, unknown>> =>
  JSON.parse(readFileSync(join(running.dataDir, name), 'utf8'));

/** Of the administrator of a database: what is in its secret, and what was at first. */
const adminPasswords = (resource: string): { readonly first: string; readonly now: string } => {
  const { [`${resource}-admin`]: first } = kept('secrets.json');
  const SecretId = running.stack().servers.get(resource)?.adminSecretArn;
  const found = running.stack().aws.secrets.call('GetSecretValue', { SecretId });
  assert.ok('SecretString' in found);
  return { first: String(first), now: JSON.parse(String(found.SecretString)).password };
};

const keyOfPasswords = (): string =>
  createHash('sha256')
    .update(String(kept('secrets.json').databaseKeySeed))
    .digest('base64');

test('no function asked for what it may not, and runner alone replaces a password', () => {
  assert.deepEqual(running.refusals(), []);
  const whose = (action: string) => [
    ...new Set(running.awsCalls.filter((call) => call.action === action).map(({ role }) => role)),
  ];
  assert.deepEqual(whose('secretsmanager:PutSecretValue'), ['runner']);
  assert.deepEqual(whose('secretsmanager:UpdateSecretVersionStage'), ['runner']);
  assert.ok(whose('secretsmanager:GetSecretValue').includes('vend'), 'it computes passwords');
});

test('the trail of all this is whole', async () => {
  const report = await running.verifyTrail();
  assert.deepEqual(report.flaws, []);
});

test('no password, nor the key that they are made with, is anywhere but in the secrets and with its holder', async () => {
  const { grant } = await newActive(running, crew);
  const canaries: readonly Canary[] = [
    ...Object.keys(SCENES).flatMap((resource) => {
      const { first, now } = adminPasswords(resource);
      return [
        { of: `the administrator of ${resource}, at first`, secret: first },
        { of: `the administrator of ${resource}, now`, secret: now },
      ];
    }),
    ...passwords.map((secret) => ({ of: 'a user of a grant', secret })),
    { of: 'the key of passwords', secret: keyOfPasswords() },
  ];
  assert.ok(passwords.length >= 10 && canaries.every(({ secret }) => secret.length >= 20));
  const places = [...(await placesSeen(running, grant)), ...(await placesKept(running, grant))];
  assert.deepEqual(findCanaries(places, canaries), []);
});
