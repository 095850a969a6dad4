import assert from 'node:assert/strict';
import { test } from 'node:test';
import { knownHostsOf } from '../../../lambdas/core/ssh/known-hosts.ts';
import { tunnelCommandOf } from '../../../lambdas/core/ssh/tunnel-command.ts';
import { SSH_RESOURCE } from '../../support/ssh-facts.ts';

const { target } = SSH_RESOURCE;

test('every pinned key of the host has a line under the name that a client connects to', () => {
  const [key = ''] = target.hostKeys;
  assert.equal(knownHostsOf({ ...target, port: 22 }), `${target.host} ${key}\n`);
  assert.equal(knownHostsOf({ ...target, port: 2222 }), `[${target.host}]:2222 ${key}\n`);
  assert.equal(knownHostsOf({ ...target, port: 22, hostKeys: [key, 'ssh-rsa AAAA'] }).split('\n').length, 3);
});

test('a way through an endpoint is offered where the instance has one, for no longer than the grant and an hour', () => {
  assert.equal(tunnelCommandOf({ ...target, endpointId: undefined }, 600), undefined);
  const through = (seconds: number) =>
    tunnelCommandOf({ ...target, endpointId: 'eice-0123456789abcdef0' }, seconds);
  assert.equal(
    through(599.2),
    `aws ec2-instance-connect open-tunnel --instance-id ${target.instanceId} --instance-connect-endpoint-id eice-0123456789abcdef0 --remote-port 22 --max-tunnel-duration 600 --region us-east-1`,
  );
  assert.match(through(7_200) ?? '', /--max-tunnel-duration 3600 /);
  assert.match(through(-5) ?? '', /--max-tunnel-duration 1 /);
});
