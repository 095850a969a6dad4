import assert from 'node:assert/strict';
import { test } from 'node:test';
import { resourcesOf } from '../../../lambdas/core/config/resource.ts';
import { assertOneMistake, compiled, VALID } from '../../support/config-text.ts';
import { OTHER_PUBLIC_KEY, PUBLIC_KEY } from '../../support/ssh-facts.ts';

const MACHINE = `  - id: reports-host
    kind: ssh
    description: Runs the nightly reports
    env: staging
    actions: [ssh:connect]
    maxDurationSeconds: 3600
    target:
      account: "111122223333"
      region: eu-central-1
      instanceId: i-0123456789abcdef0
      host: reports.internal.example.com
      osUser: agent
      hostKeys: ["${PUBLIC_KEY}"]
`;

const withMachine = (text = MACHINE) => ({ ...VALID, resources: VALID.resources + text });
const machines = (text?: string) => resourcesOf(compiled(withMachine(text)).resources, 'ssh');

const refuses = (from: string, to: string, path: string, message: RegExp) => {
  assert.ok(MACHINE.includes(from), from);
  assertOneMistake(withMachine(MACHINE.replace(from, to)), {
    file: 'resources.yaml',
    path: `resources[2].${path}`,
    message,
  });
};

test('a machine is compiled with the standard port and no endpoint', () => {
  const [machine] = machines();
  assert.deepEqual(machine?.target, {
    account: '111122223333',
    region: 'eu-central-1',
    instanceId: 'i-0123456789abcdef0',
    host: 'reports.internal.example.com',
    port: 22,
    osUser: 'agent',
    hostKeys: [PUBLIC_KEY],
    endpointId: undefined,
    roleArn: undefined,
    externalId: undefined,
  });
  const through = MACHINE.replace('osUser:', 'endpointId: eice-0123456789abcdef0\n      osUser:');
  assert.equal(machines(through)[0]?.target.endpointId, 'eice-0123456789abcdef0');
});

const ROLE = 'arn:aws:iam::111122223333:role/latchkey-target-reports-host';
const roled = (roleArn = ROLE, externalId = 'externalId: latchkey-reports') =>
  `osUser: agent\n      roleArn: ${roleArn}\n      ${externalId}`;

test('a machine may be reached by roles of its account, which ask for an external id', () => {
  const [machine] = machines(MACHINE.replace('osUser: agent', roled()));
  assert.deepEqual([machine?.target.roleArn, machine?.target.externalId], [ROLE, 'latchkey-reports']);
  refuses('osUser: agent', roled(ROLE, ''), 'target.externalId', /is missing: "roleArn" needs it/);
  refuses('osUser: agent', roled(ROLE, 'externalId: short'), 'target.externalId', /"externalId"/);
  refuses(
    'osUser: agent',
    'osUser: agent\n      externalId: latchkey-reports',
    'target.externalId',
    /no use without "roleArn"/,
  );
  const other = ROLE.replace('111122223333', '999900009999');
  refuses('osUser: agent', roled(other), 'target.roleArn', /must be a role of "account"/);
  refuses('osUser: agent', roled(`${ROLE}${'x'.repeat(30)}`), 'target.roleArn', /at most 57 characters/);
});

test('a user that is root under any name is refused: nothing it did could be proved ended', () => {
  for (const name of ['root', 'ec2-user', 'ubuntu', 'admin'])
    refuses('osUser: agent', `osUser: ${name}`, 'target.osUser', /"osUser" must be a user of Latchkey's own/);
});

test('a user, a host or an instance that a shell or sshd could read otherwise is refused', () => {
  for (const name of [
    'Agent',
    '"agent root"',
    '-agent',
    '"agent;id"',
    '"$USER"',
    '"*"',
    '"a/../b"',
    `a${'b'.repeat(32)}`,
  ])
    refuses('osUser: agent', `osUser: ${name}`, 'target.osUser', /"osUser" must be a plain name/);
  for (const host of [
    '"*"',
    '"!host"',
    '"host,other"',
    '"host -o ProxyCommand=id"',
    '-host',
    'Host',
    '"[::1]"',
    '""',
  ])
    refuses('host: reports.internal.example.com', `host: ${host}`, 'target.host', /"host" must be/);
  for (const instance of ['i-123', 'mi-0123456789abcdef0', '"i-0123456789abcdef0,i-1"', '"*"'])
    refuses(
      'instanceId: i-0123456789abcdef0',
      `instanceId: ${instance}`,
      'target.instanceId',
      /"instanceId" must be/,
    );
});

test('a host is believed by keys alone: one at least, and nothing that is not a key', () => {
  refuses(`["${PUBLIC_KEY}"]`, '[]', 'target.hostKeys', /"hostKeys"/);
  const [two] = machines(
    MACHINE.replace(`["${PUBLIC_KEY}"]`, `["${PUBLIC_KEY} root@host", "${OTHER_PUBLIC_KEY}"]`),
  );
  assert.deepEqual(two?.target.hostKeys, [PUBLIC_KEY, OTHER_PUBLIC_KEY]);
  for (const key of [
    `@cert-authority * ${PUBLIC_KEY}`,
    `* ${PUBLIC_KEY}`,
    'ssh-ed25519 AAAA',
    `${PUBLIC_KEY}\\nssh-rsa AAAA`,
  ])
    refuses(`["${PUBLIC_KEY}"]`, `["${key}"]`, 'target.hostKeys[0]', /must be one line|is not the base64/);
});

test('one user of a machine is one resource', () => {
  const twin = MACHINE.replace('id: reports-host', 'id: other-host').replace('reports.', 'other.');
  assertOneMistake(withMachine(MACHINE + twin), {
    file: 'resources.yaml',
    path: 'resources[3].target.osUser',
    message: /is resources\[2\] already/,
  });
  assert.equal(machines(MACHINE + twin.replace('osUser: agent', 'osUser: second')).length, 2);
});

test('what a database has, a machine has not', () => {
  refuses('osUser: agent', 'osUser: agent\n      database: orders', 'target.database', /not a key here/);
  refuses('[ssh:connect]', '[postgres:connect]', 'actions[0]', /"actions\[0\]"|must be/);
  refuses(
    'maxDurationSeconds: 3600',
    'maxDurationSeconds: 3600\n    sensitive: []',
    'sensitive',
    /not a key here/,
  );
});
