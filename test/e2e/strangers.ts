import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { ROUTES } from '../../lambdas/http/routes.ts';
import { GrantView, MeView } from '../../lambdas/http/schemas.ts';
import { ASKS, contain, openTask, readGrant, requestAccess, type Things, vend } from './asks.ts';
import { type Suite, state } from './bad-input-scene.ts';
import { type TokenChange, tokenMint } from './minted-tokens.ts';
import { assertProblem } from './problems.ts';
import type { Ask } from './running-stack.ts';

const BASE64URL = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
const nextCharacter = (character: string): string => BASE64URL[BASE64URL.indexOf(character) ^ 1] ?? '';

/** Callers with a bad token, with a good one that is not listed, and with one that is not the owner. */
export const strangers: Suite = (scene) => {
  test('tokens that are not good are all refused in the same words', async () => {
    const { running, mine } = scene();
    const mint = tokenMint(running);
    const now = Math.floor(Date.now() / 1_000);
    const changes: Record<string, TokenChange> = {
      expired: { payload: { iat: now - 600, exp: now - 1 } },
      early: { payload: { nbf: now + 300 } },
      'issued tomorrow': { payload: { iat: now + 86_400, exp: now + 86_700 } },
      'without an end': { payload: { exp: undefined } },
      'too long a life': { payload: { exp: now + 86_400 } },
      'for another audience': { payload: { aud: 'urn:other' } },
      'for others too': { payload: { aud: ['urn:latchkey', 'urn:other'] } },
      'from another issuer': { payload: { iss: 'https://id.example.com' } },
      'from nearly the issuer': { payload: { iss: `${running.stack().issuer.issuer}/` } },
      'an ID token': { header: { typ: 'JWT' } },
      'of a key nobody has': { header: { kid: 'nobody' } },
      'with an extension': { header: { crit: ['exp'] } },
      forged: { signature: 'of_another_key' },
      'signed with the public key': { header: { alg: 'HS256' }, signature: 'hmac_with_the_public_key' },
      unsigned: { header: { alg: 'none' }, signature: 'none' },
      'without a subject': { payload: { sub: '' } },
    };
    const good = mint();
    assert.equal((await running.callerWith(good).ask(ASKS.whoAmI(mine))).status, 200);
    const last = good.at(-1) ?? '';
    const tokens = [
      ...Object.values(changes).map(mint),
      // The four bits that the last character has to spare: other bytes, the same signature.
      `${good.slice(0, -1)}${last === 'A' ? 'B' : 'A'}`,
      `${good.slice(0, -1)}${nextCharacter(last)}`,
      `${good}A`,
    ];
    const before = await state(scene());
    const said = new Set<string>();
    for (const token of tokens) {
      const answer = await running.callerWith(token).ask(openTask());
      const { instance: _, ...problem } = assertProblem(answer, 401, 'token_refused');
      assert.ok(answer.headers['www-authenticate']?.startsWith('Bearer'));
      said.add(JSON.stringify(problem));
    }
    assert.equal(said.size, 1);
    assert.equal(await state(scene()), before);
  });

  test('a token that runs out is refused by the function, although the gateway still knows it', async () => {
    const { running, crew, mine } = scene();
    await crew.ask(vend(mine.grant));
    const exp = Math.floor(Date.now() / 1_000) + 3;
    const brief = running.callerWith(tokenMint(running)({ payload: { exp } }));
    assert.equal((await brief.ask(vend(mine.grant))).status, 201);
    const authorized = running.logs.length;
    await pause(exp * 1_000 - Date.now() + 20);
    for (const operation of ['whoAmI', 'readGrant', 'vendCredential', 'requestRun', 'readRun'] as const)
      assertProblem(await brief.ask(ASKS[operation](mine)), 401, 'token_refused');
    const woken = running.logs.slice(authorized).map(({ function: name }) => name);
    assert.ok(!woken.includes('latchkey-authorizer'));
  });

  test('a caller who is not listed is told so and where to look, and can do nothing else', async () => {
    const { running, mine } = scene();
    const rogue = await running.caller('rogue-crew');
    const before = await state(scene());
    const problem = assertProblem(await rogue.ask(openTask()), 403, 'principal_unknown');
    assert.equal(problem.next?.href, '/v1/me');
    const me = MeView.parse((await rogue.ask({ method: 'GET', path: problem.next.href })).json);
    assert.deepEqual([me.listed, me.groups, me.owners], [false, null, []]);
    assert.equal(me.principal.subject, 'rogue-crew');
    assert.deepEqual((await rogue.ask(ASKS.listResources(mine))).json, { resources: [] });
    assert.deepEqual((await rogue.ask(ASKS.listTasks(mine))).json, { tasks: [] });
    assertProblem(await rogue.ask(requestAccess(mine.task)), 404, 'not_found');
    assertProblem(await rogue.ask(vend(mine.grant)), 404, 'not_found');
    assertProblem(await rogue.ask(ASKS.requestRun(mine)), 404, 'not_found');
    assertProblem(await rogue.ask(ASKS.readRun(mine)), 404, 'not_found');
    assert.equal(await state(scene()), before);
  });

  test('no machine stops anybody, looks at a stop or lifts one, whoever it is', async () => {
    const { running, crew, other, mine } = scene();
    const before = await state(scene());
    const rogue = await running.caller('rogue-crew');
    const asks = [
      ...ROUTES.filter(({ function: name }) => name === 'containment').map(({ operation }) =>
        ASKS[operation](mine),
      ),
      contain({ scope: 'everything' }),
      contain({ scope: 'task', key: mine.task }),
      contain({ scope: 'principal', key: 'sales-analyst' }),
    ];
    for (const ask of asks)
      for (const caller of [crew, other, rogue]) assertProblem(await caller.ask(ask), 403, 'not_a_person');
    assert.equal(await state(scene()), before);
  });

  test("someone else's task, grant and run look exactly like none at all, on every route", async () => {
    const { crew, other, mine } = scene();
    const before = await state(scene());
    const nobodys = {
      task: mine.task.replace(/^t_./, 't_0'),
      grant: mine.grant.replace(/^g_./, 'g_0'),
      run: mine.run.replace(/^r_./, 'r_0'),
      plan: mine.plan.replace(/^p_./, 'p_0'),
    };
    const routes = ROUTES.filter(
      ({ path, function: name }) => path.includes('{id}') && name !== 'containment',
    ).map(({ operation }) => ASKS[operation]);
    const dryRun = ({ task }: Things): Ask => ({ ...requestAccess(task), path: '/v1/grants?dryRun=true' });
    const answersTo = async (ask: Ask) => {
      const answer = await other.ask(ask);
      const { instance: _, ...problem } = assertProblem(answer, 404, 'not_found');
      return [problem, Object.keys(answer.headers).toSorted()];
    };
    for (const ask of [...routes, ASKS.requestAccess, ASKS.requestPlan, dryRun]) {
      const waiting = { ...ask(mine), headers: { ...ask(mine).headers, prefer: 'wait=20' } };
      assert.deepEqual(await answersTo(waiting), await answersTo(ask(nobodys)));
    }
    assert.equal(await state(scene()), before);
    assert.equal(GrantView.parse((await crew.ask(readGrant(mine.grant))).json).state, 'active');
  });
};
