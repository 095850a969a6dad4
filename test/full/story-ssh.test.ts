import assert from 'node:assert/strict';
import { once } from 'node:events';
import { after, before, test } from 'node:test';
import type { Client } from 'ssh2';
import { newSshKeyPair, type SshKeyPair } from '../../examples/targets/ssh-key-pair.ts';
import { executeBySsh, logInBySsh } from '../../examples/targets/ssh-login.ts';
import { SshCredentialView } from '../../lambdas/http/credential-schemas.ts';
import { GrantView } from '../../lambdas/http/schemas.ts';
import { newTask, release, requestAccess, vend } from '../e2e/asks.ts';
import { assertProblem } from '../e2e/problems.ts';
import { type Ask, type Caller, type RunningStack, runStack } from '../e2e/running-stack.ts';

let running: RunningStack;
let crew: Caller;
let grant: string;
let keys: SshKeyPair;
let login: ReturnType<typeof SshCredentialView.parse>['ssh'];
let session: Client;

before(async () => {
  running = await runStack();
  crew = await running.caller('sales-crew');
});
after(() => running.remove());

const onMachine = async (change: object = {}): Promise<Ask> =>
  requestAccess(await newTask(crew), {
    ...{ resource: 'reports-host', action: 'ssh:connect', durationSeconds: 600 },
    ...change,
  });
const newGrant = async (): Promise<string> => {
  const asked = await crew.ask(await onMachine());
  assert.equal(asked.status, 201, asked.text);
  return GrantView.parse(asked.json).id;
};
const vendKey = (id: string, publicKey?: unknown): Ask => ({ ...vend(id), json: { publicKey } });

test('a crew is let in to a machine with a key of its own, and knows the machine by its pinned key', async () => {
  keys = newSshKeyPair();
  grant = await newGrant();
  const vended = await crew.ask(vendKey(grant, `${keys.publicKey} crew@laptop`));
  assert.equal(vended.status, 201, vended.text);
  const credential = SshCredentialView.parse(vended.json);
  login = credential.ssh;
  assert.equal(credential.expiresAt, login.keyExpiresAt);
  const leftMs = Date.parse(login.keyExpiresAt) - Date.now();
  assert.ok(leftMs > 50_000 && leftMs <= 60_000, `${leftMs} ms left`);
  const client = await logInBySsh(login, keys);
  assert.ok(typeof client !== 'string', String(client));
  session = client;
  assert.deepEqual(await executeBySsh(session, 'whoami'), { output: 'agent\n', status: 0 });
});

test('it is let in as nobody else, with no other key, and believes no other machine', async () => {
  assert.equal(typeof (await logInBySsh({ ...login, user: 'root' }, keys)), 'string');
  assert.equal(typeof (await logInBySsh(login, newSshKeyPair())), 'string');
  assert.match(String(await logInBySsh({ ...login, hostKeys: [keys.publicKey] }, keys)), /verification/);
});

test('what is more or less than a public key is refused, and so is a key where there is nothing to open with it', async () => {
  const bad = [
    undefined,
    '',
    'ssh-ed25519',
    `${keys.publicKey}\n${keys.publicKey}`,
    `command="id" ${keys.publicKey}`,
  ];
  for (const publicKey of [...bad, keys.privateKey.replaceAll('\n', ' '), 7, [keys.publicKey]]) {
    const problem = assertProblem(await crew.ask(vendKey(grant, publicKey)), 400, 'invalid_request');
    assert.deepEqual(
      problem.errors?.map(({ pointer }) => pointer),
      ['/publicKey'],
    );
  }
  const asked = await crew.ask(requestAccess(await newTask(crew)));
  assertProblem(
    await crew.ask(vendKey(GrantView.parse(asked.json).id, keys.publicKey)),
    400,
    'invalid_request',
  );
});

test('a key belongs to one grant', async () => {
  const second = await newGrant();
  assertProblem(await crew.ask(vendKey(second, keys.publicKey)), 409, 'key_taken');
  assert.equal((await crew.ask(vendKey(grant, keys.publicKey))).status, 201);
});

test('policy says for how long, and who', async () => {
  assertProblem(await crew.ask(await onMachine({ durationSeconds: 901 })), 403, 'policy_denied');
  const other = await running.caller('other-crew');
  const theirs = requestAccess(await newTask(other), { resource: 'reports-host', action: 'ssh:connect' });
  assertProblem(await other.ask(theirs), 403, 'policy_denied');
});

test('given back, the open session is ended and a new one refused while AWS still offers the key, and the answer proves it', async () => {
  const isClosed = once(session, 'close');
  const answer = await crew.ask(release(grant));
  const { ending } = GrantView.parse(answer.json);
  assert.deepEqual(
    [answer.status, ending?.status, ending?.steps?.map(({ name, outcome }) => `${name}:${outcome}`)],
    [200, 'dead', ['refuse_keys:in_force', 'end_sessions:ended_1', 'other_ways:none']],
  );
  await isClosed;
  assert.equal(typeof (await logInBySsh(login, keys)), 'string');
  assertProblem(await crew.ask(vendKey(grant, keys.publicKey)), 410, 'grant_over');
});

test('every function was allowed what it asked for, and asked for nothing else', () => {
  assert.deepEqual(running.refusals(), []);
  const calls = (role: string, service: string) =>
    new Set(
      running.awsCalls
        .filter((call) => call.role === role && call.action.startsWith(service))
        .map(({ action }) => action),
    );
  assert.deepEqual([...calls('vend', 'ec2-instance-connect:')], ['ec2-instance-connect:SendSSHPublicKey']);
  assert.deepEqual([...calls('revoker', 'ssm:')], ['ssm:SendCommand', 'ssm:GetCommandInvocation']);
});

test('the trail verifies, and the private key is nowhere', async () => {
  assert.deepEqual((await running.verifyTrail()).flaws, []);
  const middle = keys.privateKey.split('\n').slice(2, 4).join('').slice(10, 60);
  const kept = JSON.stringify([await running.items('grants'), await running.items('audit'), running.logs]);
  assert.ok(middle.length === 50 && !kept.includes(middle));
});
