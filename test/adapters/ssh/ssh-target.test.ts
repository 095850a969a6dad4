import assert from 'node:assert/strict';
import { after, afterEach, before, beforeEach, describe, test } from 'node:test';
import type { Client } from 'ssh2';
import { newSshKeyPair, type SshKeyPair } from '../../../examples/targets/ssh-key-pair.ts';
import { executeBySsh, logInBySsh } from '../../../examples/targets/ssh-login.ts';
import { sshTarget } from '../../../lambdas/adapters/ssh/ssh-target.ts';
import type { SshLogin } from '../../../lambdas/app/credential.ts';
import { DependencyUnavailable } from '../../../lambdas/app/ports.ts';
import type { CloseReport } from '../../../lambdas/app/ports-of-targets.ts';
import type { ActiveGrant, EndedGrant } from '../../../lambdas/core/grant/grant.ts';
import { parsePublicKey } from '../../../lambdas/core/ssh/public-key.ts';
import { PUBLIC_KEY, SSH_ACTIVATING, SSH_RESOURCE } from '../../support/ssh-facts.ts';
import { type SshStage, startSshStage } from '../../support/ssh-stage.ts';

let stage: SshStage;
before(async () => {
  stage = await startSshStage();
});
after(() => stage.close());
beforeEach(() => {
  stage.time.skippedMs = 0;
  stage.time.machineSkewMs = 0;
  stage.machine.isAgentAway = false;
  stage.calls.length = 0;
});
const clients: Client[] = [];
afterEach(() => {
  for (const client of clients.splice(0)) client.destroy();
});

const ACTIVE: ActiveGrant = {
  ...SSH_ACTIVATING,
  state: 'active',
  activatedAt: Date.now(),
  expiresAt: Date.now() + 600_000,
  credentialsIssued: 0,
};
const ended = (...publicKeys: readonly string[]): EndedGrant => ({
  ...ACTIVE,
  ...{ state: 'released', cause: 'released_by_principal', endedAt: Date.now(), publicKeys },
  ending: { status: 'pending', attempts: 0, nextAttemptAt: 0, lastError: undefined },
});

const publicKeyOf = ({ publicKey }: SshKeyPair) => {
  const read = parsePublicKey(publicKey);
  assert.ok(read.ok);
  return read.value;
};

/** A login that was asked for under a grant, let in. */
const letIn = async (keys: SshKeyPair): Promise<SshLogin> => {
  const issued = await stage.issuer.issue({
    ...{ resource: stage.resource, grant: ACTIVE, id: 'c_1', publicKey: publicKeyOf(keys) },
  });
  assert.ok(issued.ok && issued.value.content.kind === 'ssh');
  await issued.value.release?.();
  return issued.value.content;
};

const connected = async (place: SshLogin, keys: SshKeyPair): Promise<Client> => {
  const client = await logInBySsh(place, keys);
  assert.ok(typeof client !== 'string', String(client));
  clients.push(client);
  return client;
};

const REFUSED = 'All configured authentication methods failed';
const close = (
  keys: readonly string[],
  { resource }: Pick<SshStage, 'resource'> = stage,
): Promise<CloseReport> =>
  stage.target.close({ resource, grantId: ACTIVE.id, grant: ended(...keys), since: stage.clock() });
const stepsOf = ({ steps }: CloseReport) => steps.map(({ name, outcome }) => `${name}:${outcome}`);

describe('a key that was let in', () => {
  test('logs in as the user of the resource, to a host that is known by its pinned key', async () => {
    const keys = newSshKeyPair();
    const client = await connected(await letIn(keys), keys);
    assert.deepEqual(await executeBySsh(client, 'whoami'), { output: 'agent\n', status: 0 });
  });

  test('does not log in before it was let in, and a key that was not let in never does', async () => {
    const keys = newSshKeyPair();
    const login = await letIn(newSshKeyPair());
    assert.equal(await logInBySsh(login, keys), REFUSED);
  });

  test('opens no session after a minute, while one that is open goes on', async () => {
    const keys = newSshKeyPair();
    const login = await letIn(keys);
    const client = await connected(login, keys);
    stage.time.skippedMs = 60_001;
    assert.equal(await logInBySsh(login, keys), REFUSED);
    assert.equal((await executeBySsh(client, 'whoami')).status, 0);
  });

  test('does not log in as another user, nor to a host with another key', async () => {
    const keys = newSshKeyPair();
    const login = await letIn(keys);
    assert.equal(await logInBySsh({ ...login, user: 'root' }, keys), REFUSED);
    assert.match(
      String(await logInBySsh({ ...login, hostKeys: [PUBLIC_KEY] }, keys)),
      /verification failed/i,
    );
  });
});

describe('an end', () => {
  test('ends the open session, refuses a new one while the key is still offered, and says so', async () => {
    const keys = newSshKeyPair();
    const login = await letIn(keys);
    const client = await connected(login, keys);
    const isClosed = new Promise<void>((resolve) => client.once('close', () => resolve()));
    const report = await close([publicKeyOf(keys).line]);
    assert.deepEqual([report.dead, report.error], [true, undefined]);
    assert.deepEqual(stepsOf(report), ['refuse_keys:in_force', 'end_sessions:ended_1', 'other_ways:none']);
    await isClosed;
    assert.equal(await logInBySsh(login, keys), REFUSED);
  });

  test('leaves the session of another key as it is', async () => {
    const [mine, others] = [newSshKeyPair(), newSshKeyPair()];
    await letIn(mine);
    const client = await connected(await letIn(others), others);
    await close([publicKeyOf(mine).line]);
    assert.equal((await executeBySsh(client, 'whoami')).status, 0);
  });

  test('refuses a key that is pushed after it, by whoever was slow', async () => {
    const keys = newSshKeyPair();
    const { line } = publicKeyOf(keys);
    assert.equal((await close([line])).dead, true);
    const login = await letIn(keys);
    assert.equal(await logInBySsh(login, keys), REFUSED);
  });

  for (const minutes of [-5, 5])
    test(`is proved on a machine whose clock is ${minutes} minutes from ours`, async () => {
      stage.time.machineSkewMs = minutes * 60_000;
      const keys = newSshKeyPair();
      const login = await letIn(keys);
      await connected(login, keys);
      const report = await close([publicKeyOf(keys).line]);
      assert.ok(report.dead && stepsOf(report).includes('end_sessions:ended_1'));
      assert.ok(report.steps.every(({ atMs }) => atMs >= 0 && atMs < 10_000));
      assert.equal(await logInBySsh(login, keys), REFUSED);
    });

  test('can be repeated, and is then proved again', async () => {
    const { line } = publicKeyOf(newSshKeyPair());
    await close([line]);
    assert.deepEqual(stepsOf(await close([line])), [
      'refuse_keys:in_force',
      'end_sessions:none',
      'other_ways:none',
    ]);
  });

  test('of every key of its grant is one command', async () => {
    const pairs = [newSshKeyPair(), newSshKeyPair(), newSshKeyPair()];
    const login = await Promise.all(pairs.map(letIn));
    for (const [at, keys] of pairs.entries()) await connected(login[at] as SshLogin, keys);
    stage.calls.length = 0;
    const report = await close(pairs.map((keys) => publicKeyOf(keys).line));
    assert.ok(stepsOf(report).includes('end_sessions:ended_3'));
    assert.equal(stage.calls.filter((call) => call === 'ssm:SendCommand').length, 1);
  });

  test('of a grant under which no key was let in asks nobody anything', async () => {
    const report = await close([]);
    assert.deepEqual([report.dead, stepsOf(report)], [true, ['keys:none']]);
    assert.deepEqual(stage.calls, []);
  });

  test('of a hundred grants at once is proved for each', async () => {
    const pairs = Array.from({ length: 100 }, newSshKeyPair);
    const keys = pairs.map((pair) => publicKeyOf(pair).line);
    const some = pairs.slice(0, 5);
    for (const pair of some) await connected(await letIn(pair), pair);
    const reports = await Promise.all(keys.map((key) => close([key])));
    assert.equal(reports.filter(({ dead }) => dead).length, 100);
    assert.equal(stage.machine.connections(), 0);
  });
});

describe('not dead is', () => {
  test('a machine whose agent is away, and it is dead once the agent is back', async () => {
    const { line } = publicKeyOf(newSshKeyPair());
    stage.machine.isAgentAway = true;
    const report = await close([line]);
    assert.deepEqual([report.dead, report.error, report.steps], [false, 'reach:not_run', []]);
    stage.machine.isAgentAway = false;
    assert.equal((await close([line])).dead, true);
  });

  test('a machine that nobody knows', async () => {
    const target = { ...stage.resource.target, instanceId: 'i-0000000000000000f' };
    const report = await close([PUBLIC_KEY], { resource: { ...stage.resource, target } });
    // It is none of those that revoker may send to.
    assert.deepEqual([report.dead, report.error], [false, 'reach:unavailable']);
  });

  const answering = (output: string) =>
    sshTarget({ runOnMachine: async () => ({ answered: true, output }), clock: stage.clock });
  const line = (change: object) => {
    const facts = { refused: 'yes', ways: 'one', found: 1, unknown: 0, ended: 3, left: 0, ...change };
    return `latchkey ${Object.entries(facts)
      .map(([name, value]) => `${name}=${value}`)
      .join(' ')}\n`;
  };
  const ask = () => ({ resource: SSH_RESOURCE, grantId: ACTIVE.id, grant: ended(PUBLIC_KEY), since: 0 });

  for (const [what, output, error] of [
    ['an answer that is not ours', 'Killed\n', 'reach:unreadable'],
    ['an empty answer', '', 'reach:unreadable'],
    ['a key that is not refused', line({ refused: 'no_file' }), 'refuse_keys:no_file'],
    ['a refusal that sshd does not know of', line({ refused: 'not_in_force' }), 'refuse_keys:not_in_force'],
    ['a process that would not go', line({ left: 1 }), 'end_sessions:still_there'],
    ['another way in', line({ ways: 'authorized_keys' }), 'other_ways:authorized_keys'],
  ] as const)
    test(what, async () => {
      const report = await answering(output).close(ask());
      assert.deepEqual([report.dead, report.error], [false, error]);
    });

  test('and what was ended although no log told its key is told apart', async () => {
    const report = await answering(line({ found: 0, unknown: 2 })).close(ask());
    assert.ok(report.dead && stepsOf(report).includes('end_sessions:none_unknown_2'));
  });
});

describe('a grant', () => {
  const open = (isWanted = true, target = stage.target) =>
    target.open({ resource: stage.resource, grant: SSH_ACTIVATING, isStillWanted: async () => isWanted });

  test('becomes active where the machine could end it, and lets nobody in by that', async () => {
    assert.equal(await open(), 'opened');
    assert.equal(await open(false), 'unwanted');
    assert.ok(!stage.calls.includes('ec2-instance-connect:SendSSHPublicKey'));
    assert.deepEqual(await stage.target.inventory(stage.resource), []);
  });

  test('does not become active on a machine that cannot be reached, and may later', async () => {
    stage.machine.isAgentAway = true;
    await assert.rejects(open(), DependencyUnavailable);
  });

  for (const [output, name] of [
    [
      'latchkey refused=no_file ways=one found=0 unknown=0 ended=0 left=0',
      'MachineNotReady:refuse_keys:no_file',
    ],
    [
      'latchkey refused=yes ways=root_rights found=0 unknown=0 ended=0 left=0',
      'MachineNotReady:other_ways:root_rights',
    ],
  ] as const)
    test(`does not become active on a machine that could not end it: ${name}`, async () => {
      const target = sshTarget({
        runOnMachine: async () => ({ answered: true, output }),
        clock: stage.clock,
      });
      await assert.rejects(open(true, target), { name });
    });
});
