import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import { type TestContext, test } from 'node:test';
import { EC2InstanceConnectClient } from '@aws-sdk/client-ec2-instance-connect';
import { type AssumeRole, stsSessions } from '../../../lambdas/adapters/aws/assume-role.ts';
import { instanceConnect } from '../../../lambdas/adapters/ssh/instance-connect.ts';
import { DependencyUnavailable } from '../../../lambdas/app/ports.ts';
import type { ActiveGrant } from '../../../lambdas/core/grant/grant.ts';
import { parsePublicKey } from '../../../lambdas/core/ssh/public-key.ts';
import { closeServer, listenOnLoopback } from '../../../local/loopback.ts';
import { PUBLIC_KEY, SSH_ACTIVATING, SSH_RESOURCE } from '../../support/ssh-facts.ts';

const GRANT: ActiveGrant = {
  ...SSH_ACTIVATING,
  ...{ state: 'active', activatedAt: Date.now(), expiresAt: Date.now() + 600_000, credentialsIssued: 0 },
};
const THERE = 'arn:aws:iam::444455556666:role/latchkey-target-build-host';
const KEYS = { accessKeyId: 'AKIA', secretAccessKey: 'secret', sessionToken: 'token' };
const given: AssumeRole = async () => ({ keys: KEYS, issuedAt: 0, expiresAt: 900_000, packedPercent: 1 });

/** A service that takes every call and answers none. */
const silentService = async (t: TestContext) => {
  const server = createServer(() => undefined);
  t.after(() => closeServer(server));
  const endpoint = `http://127.0.0.1:${await listenOnLoopback(server)}`;
  return { endpoint, region: 'eu-west-1', credentials: KEYS };
};

for (const [service, roleArn] of [
  ['sts', THERE],
  ['ec2-instance-connect', THERE],
  ['ec2-instance-connect', undefined],
] as const)
  test(`a push that ${service} does not answer is given up in time to be recorded (${roleArn ? 'elsewhere' : 'here'})`, {
    timeout: 10_000,
  }, async (t) => {
    const silent = await silentService(t);
    const push = instanceConnect({
      assume: service === 'sts' ? stsSessions(silent) : given,
      connect: () => new EC2InstanceConnectClient(silent),
      maxMs: 100,
    });
    const publicKey = parsePublicKey(PUBLIC_KEY);
    assert.ok(publicKey.ok);
    const target = { ...SSH_RESOURCE.target, roleArn, externalId: roleArn && 'latchkey-build-host' };
    await assert.rejects(
      push({ ...SSH_RESOURCE, target }, publicKey.value, GRANT),
      (error) => error instanceof DependencyUnavailable && error.message.includes(service),
    );
  });
