import assert from 'node:assert/strict';
import { after, before, beforeEach, describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import {
  SendSerialConsoleSSHPublicKeyCommand,
  SendSSHPublicKeyCommand,
} from '@aws-sdk/client-ec2-instance-connect';
import {
  CancelCommandCommand,
  GetCommandInvocationCommand,
  SendCommandCommand,
  type SendCommandCommandInput,
} from '@aws-sdk/client-ssm';
import type { LocalMachine } from '../../examples/targets/machine-services.ts';
import { PUBLIC_KEY, SSH_RESOURCE } from '../support/ssh-facts.ts';
import { startMachineServices } from '../support/ssh-stage.ts';

const { instanceId, osUser } = SSH_RESOURCE.target;
const OTHER = 'i-0000000000000000f';

const pushed: string[][] = [];
const ran: { script: string; parameters: object }[] = [];
let outcome: () => Promise<{ exitCode: number; output: string }> = async () => ({ exitCode: 0, output: 'x' });
const machineOf = (id: string): LocalMachine => ({
  instanceId: id,
  pushKey: (user, key) => void pushed.push([user, key]),
  run(script, parameters) {
    ran.push({ script, parameters });
    return outcome();
  },
});

let services: Awaited<ReturnType<typeof startMachineServices>>;
before(async () => {
  services = await startMachineServices([machineOf(instanceId), machineOf(OTHER)]);
});
after(() => services.close());
beforeEach(() => {
  pushed.length = 0;
  ran.length = 0;
  outcome = async () => ({ exitCode: 0, output: 'x' });
});

const nameOf = async (call: Promise<unknown>): Promise<string> =>
  call.then(
    () => 'done',
    (error: unknown) => (error instanceof Error ? error.name : ''),
  );

describe('EC2 Instance Connect', () => {
  const PUSH = { InstanceId: instanceId, InstanceOSUser: osUser, SSHPublicKey: PUBLIC_KEY };
  const push = (change: object = {}, role: 'vend' | 'revoker' = 'vend') =>
    nameOf(services.connectClient(role).send(new SendSSHPublicKeyCommand({ ...PUSH, ...change })));

  test('pushes a key for whom the role names, to the machine that it names', async () => {
    assert.equal(await push(), 'done');
    assert.deepEqual(pushed, [[osUser, PUBLIC_KEY]]);
  });

  test('pushes nothing as another user, to another machine or by another function', async () => {
    for (const refused of [
      push({ InstanceOSUser: 'root' }),
      push({ InstanceId: OTHER }),
      push({}, 'revoker'),
    ])
      assert.equal(await refused, 'AccessDeniedException');
    assert.deepEqual(pushed, []);
  });

  test('refuses what it would have to ignore', async () => {
    assert.equal(await push({ AvailabilityZone: 'us-east-1a' }), 'ValidationException');
    const serial = new SendSerialConsoleSSHPublicKeyCommand({
      InstanceId: instanceId,
      SSHPublicKey: PUBLIC_KEY,
    });
    assert.notEqual(await nameOf(services.connectClient('vend').send(serial)), 'done');
  });

  test('refuses keys that nobody was given', async () => {
    const client = services.connectClient('vend');
    const credentials = await client.config.credentials();
    client.config.credentials = async () => ({ ...credentials, secretAccessKey: 'another' });
    assert.equal(await nameOf(client.send(new SendSSHPublicKeyCommand(PUSH))), 'InvalidSignatureException');
  });
});

describe('Run Command', () => {
  const SEND = {
    DocumentName: 'latchkey-end-ssh-sessions',
    InstanceIds: [instanceId],
    Parameters: { osUser: [osUser], keys: [PUBLIC_KEY] },
    TimeoutSeconds: 30,
  };
  const sendAs = (role: 'vend' | 'revoker', change: Partial<SendCommandCommandInput> = {}) =>
    services.ssmClient(role).send(new SendCommandCommand({ ...SEND, ...change }));
  const look = async (CommandId: string | undefined, InstanceId = instanceId) =>
    services.ssmClient('revoker').send(new GetCommandInvocationCommand({ CommandId, InstanceId }));

  test('runs the script of the document with the parameters in it, and tells what it printed', async () => {
    const { Command } = await sendAs('revoker');
    await sleep(5);
    const { Status, StandardOutputContent } = await look(Command?.CommandId);
    assert.deepEqual([Status, StandardOutputContent], ['Success', 'x']);
    const [one] = ran;
    assert.deepEqual(one?.parameters, { osUser, keys: PUBLIC_KEY });
    assert.ok(one?.script.startsWith(`os_user='agent'\nkeys='${PUBLIC_KEY}'\n#!/bin/sh\n`));
    assert.ok(!one?.script.includes('{{'));
  });

  test('tells a script that failed from one that nobody ran, and one that is under way from both', async () => {
    for (const [run, status] of [
      [async () => ({ exitCode: 1, output: '' }), 'Failed'],
      [() => Promise.reject(new Error('away')), 'TimedOut'],
      [() => new Promise<never>(() => undefined), 'InProgress'],
    ] as const) {
      outcome = run;
      const { Command } = await sendAs('revoker');
      await sleep(5);
      assert.equal((await look(Command?.CommandId)).Status, status);
    }
  });

  test('runs no other document, on no other machine, by no other function', async () => {
    for (const refused of [
      sendAs('revoker', { DocumentName: 'AWS-RunShellScript' }),
      sendAs('revoker', { InstanceIds: [OTHER] }),
      sendAs('vend'),
    ])
      assert.equal(await nameOf(refused), 'AccessDeniedException');
    assert.deepEqual(ran, []);
  });

  test('runs nothing with parameters that the document does not allow', async () => {
    for (const Parameters of [
      { osUser: ['root; id'], keys: ['none'] },
      { osUser: [osUser], keys: [`${PUBLIC_KEY}'; id; '`] },
      { osUser: [osUser] },
      { osUser: [osUser], keys: ['none'], more: ['x'] },
      { osUser: [osUser], workingDirectory: ['/'] },
    ])
      assert.equal(await nameOf(sendAs('revoker', { Parameters })), 'InvalidParameters');
    assert.deepEqual(ran, []);
  });

  test('refuses what it would have to ignore', async () => {
    for (const change of [
      { InstanceIds: [instanceId, OTHER] },
      { Targets: [{ Key: 'tag:a', Values: ['b'] }] },
      { OutputS3BucketName: 'bucket' },
      { TimeoutSeconds: 29 },
    ])
      assert.equal(await nameOf(sendAs('revoker', change)), 'ValidationException');
    const cancel = new CancelCommandCommand({ CommandId: '0'.repeat(36) });
    assert.equal(await nameOf(services.ssmClient('revoker').send(cancel)), 'ValidationException');
  });

  test('tells nothing of a command to another machine', async () => {
    const { Command } = await sendAs('revoker');
    assert.equal(await nameOf(look(Command?.CommandId, OTHER)), 'InvocationDoesNotExist');
  });
});
