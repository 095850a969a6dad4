import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { after, before, beforeEach, describe, test } from 'node:test';
import { EC2InstanceConnectClient, SendSSHPublicKeyCommand } from '@aws-sdk/client-ec2-instance-connect';
import { SendCommandCommand, SSMClient } from '@aws-sdk/client-ssm';
import { parse } from 'yaml';
import type { LocalMachine } from '../../../examples/targets/machine-services.ts';
import {
  type AssumeAsk,
  type AssumeRole,
  type SessionKeys,
  stsSessions,
} from '../../../lambdas/adapters/aws/assume-role.ts';
import { sshIssuer } from '../../../lambdas/adapters/ssh/ssh-issuer.ts';
import { sshTarget } from '../../../lambdas/adapters/ssh/ssh-target.ts';
import { DependencyUnavailable } from '../../../lambdas/app/ports.ts';
import { sessionMarks } from '../../../lambdas/core/aws/session-marks.ts';
import type { SshResource } from '../../../lambdas/core/config/resource.ts';
import type { ActiveGrant, EndedGrant } from '../../../lambdas/core/grant/grant.ts';
import { parsePublicKey } from '../../../lambdas/core/ssh/public-key.ts';
import { trusts } from '../../../local/iam.ts';
import { FUNCTIONS } from '../../infra/sample-settings.ts';
import { TRUSTED } from '../../support/aws-account.ts';
import { PUBLIC_KEY, SSH_ACTIVATING, SSH_RESOURCE } from '../../support/ssh-facts.ts';
import { OTHER_DOCUMENT, rolesThere, startMachineServices } from '../../support/ssh-stage.ts';

const PAGE = readFileSync('docs/targets/ssh.md', 'utf8');
/** What the page has to be added to a machine that is elsewhere. */
const { target: THERE } = parse(/```yaml\n(target:\n[\s\S]*?)```/.exec(PAGE)?.[1] ?? '');
const { roleArn: PUSHING, externalId: EXTERNAL_ID } = THERE;
const MACHINE: SshResource = { ...SSH_RESOURCE, target: { ...SSH_RESOURCE.target, ...THERE } };
const DOCUMENT = `latchkey-end-ssh-sessions-${MACHINE.id}`;
const OTHER_MACHINE = 'i-0fedcba9876543210';

const pushed: string[] = [];
const ran: string[] = [];
const machineOf = (instanceId: string): LocalMachine => ({
  instanceId,
  pushKey: (user, key) => void pushed.push(`${user}@${instanceId} ${key}`),
  run: async (_script, { keys }) => {
    ran.push(`${instanceId} ${keys}`);
    return { exitCode: 0, output: 'latchkey refused=yes ways=one found=1 unknown=0 ended=1 left=0\n' };
  },
});

let services: Awaited<ReturnType<typeof startMachineServices>>;
before(async () => {
  services = await startMachineServices(
    [machineOf(MACHINE.target.instanceId), machineOf(OTHER_MACHINE)],
    MACHINE,
  );
});
after(() => services.close());
beforeEach(() => {
  for (const list of [pushed, ran, services.calls]) list.length = 0;
});

const GRANT: ActiveGrant = {
  ...SSH_ACTIVATING,
  ...{ state: 'active', activatedAt: Date.now(), expiresAt: Date.now() + 600_000, credentialsIssued: 0 },
};
const ENDED: EndedGrant = {
  ...GRANT,
  ...{ state: 'released', cause: 'released_by_principal', endedAt: Date.now(), publicKeys: [PUBLIC_KEY] },
  ending: { status: 'pending', attempts: 0, nextAttemptAt: 0, lastError: undefined },
};

const letIn = async (resource = MACHINE): Promise<void> => {
  const publicKey = parsePublicKey(PUBLIC_KEY);
  assert.ok(publicKey.ok);
  const issuer = sshIssuer({ pushKey: services.pushKey, clock: Date.now });
  const issued = await issuer.issue({ resource, grant: GRANT, id: 'c_1', publicKey: publicKey.value });
  assert.ok(issued.ok);
  await issued.value.release?.();
};
const target = () => sshTarget({ runOnMachine: services.runOnMachine, clock: Date.now });
const close = (resource = MACHINE) =>
  target().close({ resource, grantId: GRANT.id, grant: ENDED, since: Date.now() });

describe('a grant on a machine of another account and region', () => {
  test('becomes active, lets a key in and ends it, by the roles that the construct makes there', async () => {
    const opened = await target().open({
      ...{ resource: MACHINE, grant: SSH_ACTIVATING },
      isStillWanted: async () => true,
    });
    assert.equal(opened, 'opened');
    await letIn();
    assert.deepEqual(pushed, [`agent@${MACHINE.target.instanceId} ${PUBLIC_KEY}`]);
    assert.equal((await close()).dead, true);
    assert.deepEqual(
      ran,
      ['none', PUBLIC_KEY].map((keys) => `${MACHINE.target.instanceId} ${keys}`),
    );
  });

  test('costs one session for each key and each command, and none is kept', async () => {
    await letIn();
    await letIn();
    const push = ['sts:AssumeRole', 'ec2-instance-connect:SendSSHPublicKey'];
    assert.deepEqual(services.calls, [...push, ...push]);
    services.calls.length = 0;
    await close();
    assert.deepEqual(services.calls.slice(0, 2), ['sts:AssumeRole', 'ssm:SendCommand']);
  });

  test('is a refused one where the role asks for another external id: no key is in, and nothing counts as dead', async () => {
    const confused = { ...MACHINE, target: { ...MACHINE.target, externalId: 'somebody-elses' } };
    await assert.rejects(letIn(confused), DependencyUnavailable);
    assert.deepEqual(pushed, []);
    const report = await close(confused);
    assert.deepEqual([report.dead, report.error], [false, 'reach:unavailable']);
    assert.deepEqual(ran, []);
  });

  test('is refused without the roles: Latchkey has no right of its own there', async () => {
    const beside = { ...MACHINE, target: { ...MACHINE.target, roleArn: undefined, externalId: undefined } };
    await assert.rejects(letIn(beside), DependencyUnavailable);
    assert.deepEqual([(await close(beside)).dead, pushed, ran], [false, [], []]);
  });
});

type Caller = 'vend' | 'revoker';
const assumeAs = (who: Caller): AssumeRole => stsSessions(services.settingsOf(who));
const asVend = (change: Partial<AssumeAsk> = {}) =>
  assumeAs('vend')({
    ...sessionMarks(GRANT),
    ...{ roleArn: PUSHING, externalId: EXTERNAL_ID, sessionName: GRANT.id, seconds: 900 },
    ...change,
  });
const asRevoker = (change: Partial<AssumeAsk> = {}, who: Caller = 'revoker') =>
  assumeAs(who)({
    ...{ roleArn: `${PUSHING}-ending`, externalId: EXTERNAL_ID, sessionName: GRANT.id, seconds: 900 },
    ...change,
  });

describe('the roles of the machine’s account', () => {
  test('are assumed with the external id, and never without or with another', async () => {
    await asVend();
    await asRevoker();
    for (const externalId of ['somebody-elses', undefined]) {
      await assert.rejects(asVend({ externalId }), DependencyUnavailable);
      await assert.rejects(asRevoker({ externalId }), DependencyUnavailable);
    }
  });

  test('are assumed each by its one function', async () => {
    await assert.rejects(asRevoker({}, 'vend'), DependencyUnavailable);
    await assert.rejects(
      assumeAs('revoker')({
        ...sessionMarks(GRANT),
        ...{ roleArn: PUSHING, externalId: EXTERNAL_ID, sessionName: GRANT.id, seconds: 900 },
      }),
      DependencyUnavailable,
    );
  });

  test('trust no other function of Latchkey, whatever its own rights are', () => {
    const context = {
      ...{ 'sts:ExternalId': [EXTERNAL_ID], 'sts:RoleSessionName': [GRANT.id] },
      ...{ 'aws:RequestTag/latchkey:grant': [GRANT.id], 'aws:RequestTag/latchkey:mark': ['mark'] },
    };
    const trusted = rolesThere(MACHINE).map(({ arn, trust }) => {
      const request = { action: 'sts:AssumeRole', resource: arn };
      return FUNCTIONS.map((name) => TRUSTED.vendRoleArn.replace('vend', name)).filter((caller) =>
        trusts(trust, caller, { ...request, context: { ...context, 'aws:PrincipalArn': [caller] } }),
      );
    });
    assert.deepEqual(trusted, [[TRUSTED.vendRoleArn], [TRUSTED.revokerRoleArn]]);
  });

  test('are assumed in the name of a grant, and the one that lets in with its marks', async () => {
    await assert.rejects(asVend({ sessionName: 'somebody' }), DependencyUnavailable);
    await assert.rejects(asRevoker({ sessionName: 'somebody' }), DependencyUnavailable);
    await assert.rejects(asVend({ tags: {} }), DependencyUnavailable);
    const { 'latchkey:mark': _, ...unmarked } = sessionMarks(GRANT).tags;
    await assert.rejects(asVend({ tags: unmarked }), DependencyUnavailable);
  });

  const DENIED = { name: 'AccessDeniedException' };
  const settingsWith = (who: Caller, credentials: SessionKeys) => ({
    ...services.settingsOf(who),
    credentials,
  });
  const push = async (keys: SessionKeys, change: object = {}) => {
    const { instanceId, osUser } = MACHINE.target;
    const ask = { InstanceId: instanceId, InstanceOSUser: osUser, SSHPublicKey: PUBLIC_KEY, ...change };
    return new EC2InstanceConnectClient(settingsWith('vend', keys)).send(new SendSSHPublicKeyCommand(ask));
  };
  const send = async (keys: SessionKeys, change: object = {}) => {
    const ask = {
      ...{ DocumentName: DOCUMENT, InstanceIds: [MACHINE.target.instanceId], TimeoutSeconds: 30 },
      Parameters: { osUser: ['agent'], keys: ['none'] },
      ...change,
    };
    return new SSMClient(settingsWith('revoker', keys)).send(new SendCommandCommand(ask));
  };

  test('let in one user of one machine, and do nothing else', async () => {
    const { keys } = await asVend();
    await push(keys);
    await assert.rejects(push(keys, { InstanceId: OTHER_MACHINE }), DENIED);
    for (const InstanceOSUser of ['root', 'agent2'])
      await assert.rejects(push(keys, { InstanceOSUser }), DENIED);
    await assert.rejects(send(keys), DENIED);
    assert.equal(pushed.length, 1);
  });

  test('send one document to one machine, and do nothing else', async () => {
    const { keys } = await asRevoker();
    await send(keys);
    await assert.rejects(send(keys, { InstanceIds: [OTHER_MACHINE] }), DENIED);
    for (const DocumentName of [OTHER_DOCUMENT, 'latchkey-end-ssh-sessions'])
      await assert.rejects(send(keys, { DocumentName }), DENIED);
    await assert.rejects(push(keys), DENIED);
    assert.equal(ran.length, 1);
  });
});
