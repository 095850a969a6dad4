import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import type { APIGatewayAuthorizerResult, Context } from 'aws-lambda';
import type { IssuerProfile, PrincipalEntry } from '../../lambdas/core/config/issuer.ts';
import { decodeIdentity } from '../../lambdas/core/identity/identity-context.ts';
import { captureLog } from '../support/capture-log.ts';
import { type JwksServer, startJwksServer } from '../support/jwks-server.ts';
import { ENTRY, PROFILE, payloadAt } from '../support/sample-identity.ts';
import { ecKey, signToken } from '../support/sign-token.ts';

/** The real function: its own file, its own configuration on disk, real keys over TLS. */
const EC = ecKey('ec');
const METHOD_ARN = 'arn:aws:execute-api:eu-central-1:111122223333:abc123/live/POST/v1/grants/g_1/credentials';
const directory = mkdtempSync(join(tmpdir(), 'latchkey-authorizer-'));
const context = { awsRequestId: 'invocation-1', functionName: 'authorizer' } as Context;

let server: JwksServer;
let handler: (event: never, context: Context) => Promise<APIGatewayAuthorizerResult>;

before(async () => {
  server = await startJwksServer();
  server.serveKeys(EC.jwk);
  const issuer: IssuerProfile = { ...PROFILE, issuer: server.origin, jwksUri: server.jwksUri };
  const away = { ...issuer, issuer: 'https://away.example', jwksUri: 'https://localhost:1/jwks' };
  const grouped = {
    ...issuer,
    issuer: `${server.origin}/grouped`,
    groupsClaim: ['groups'],
    groupsRequired: true,
  };
  const entry: PrincipalEntry = { ...ENTRY, issuer: server.origin };
  const twice = (name: string, team: string) => ({ ...entry, name, subject: undefined, claims: { team } });
  const principals = [entry, twice('a', 'a'), { ...twice('b', 'a'), claims: { team: 'a', more: 'b' } }];
  const config = { digest: 'd', issuers: [issuer, away, grouped], principals };
  writeFileSync(join(directory, 'config.json'), JSON.stringify(config));
  process.env.LAMBDA_TASK_ROOT = directory;
  ({ handler } = await import('../../lambdas/functions/authorizer.ts'));
});
after(async () => {
  rmSync(directory, { recursive: true });
  await server.close();
});

const HEADER = { alg: 'ES256', typ: 'at+jwt', kid: 'ec' };
const tokenWith = (change: object = {}, header: object = {}) =>
  signToken(
    { ...HEADER, ...header },
    { ...payloadAt(Math.floor(Date.now() / 1_000)), iss: server.origin, ...change },
    EC,
  );

const call = (authorizationToken: unknown) =>
  handler({ type: 'TOKEN', methodArn: METHOD_ARN, authorizationToken } as never, context);

const callerOf = (result: APIGatewayAuthorizerResult) => {
  const identity = decodeIdentity(result.context, Date.now());
  assert.ok(identity.ok);
  return identity.value;
};

/** How the function fails, and the one line that it logs about it. */
const failureOf = async (authorization: unknown) => {
  let thrown: unknown;
  const [line = {}, ...more] = await captureLog(() =>
    call(authorization).catch((error: unknown) => {
      thrown = error;
    }),
  );
  assert.ok(thrown instanceof Error && thrown.cause === undefined && more.length === 0);
  return { message: thrown.message, line };
};

const refusal = async (authorization: unknown): Promise<Record<string, unknown>> => {
  const { message, line } = await failureOf(authorization);
  assert.equal(message, 'Unauthorized', 'the one text that API Gateway answers with 401');
  return line;
};

test('a good token opens every route of its own stage and nothing else', async () => {
  const result = await call(`Bearer ${tokenWith()}`);
  assert.deepEqual(result.policyDocument, {
    Version: '2012-10-17',
    Statement: [
      {
        Action: 'execute-api:Invoke',
        Effect: 'Allow',
        Resource: 'arn:aws:execute-api:eu-central-1:111122223333:abc123/live/*',
      },
    ],
  });
});

test('functions learn from its answer exactly who is asking', async () => {
  const caller = callerOf(await call(`bearer ${tokenWith()}`));
  assert.deepEqual(
    [caller.name, caller.type, caller.listed, caller.groups, caller.owners],
    ['sales-analyst', 'agent', true, { known: true, names: ['data-crew'] }, ENTRY.owners],
  );
});

test('the name that the gateway logs is a hash', async () => {
  assert.match((await call(`Bearer ${tokenWith()}`)).principalId, /^[0-9a-f]{32}$/);
});

test('a caller who is in no list passes as exactly that', async () => {
  const caller = callerOf(await call(`Bearer ${tokenWith({ sub: 'rogue-crew' })}`));
  assert.deepEqual([caller.listed, caller.groups, caller.owners], [false, { known: false }, []]);
});

test('a caller whose groups cannot be read passes with unknown groups', async () => {
  const iss = `${server.origin}/grouped`;
  for (const change of [
    {},
    { groups: 'data-crew' },
    { hasgroups: true },
    { groups: ['a'], _claim_names: { groups: 's' } },
  ]) {
    const caller = callerOf(await call(`Bearer ${tokenWith({ iss, ...change })}`));
    assert.deepEqual([caller.listed, caller.groups], [true, { known: false }], JSON.stringify(change));
  }
});

test('a token that two entries claim is refused', async () => {
  const line = await refusal(`Bearer ${tokenWith({ sub: 'x', team: 'a', more: 'b' })}`);
  assert.deepEqual([line.reason, line.issuer], ['principal_ambiguous', server.origin]);
});

test('a refusal is one line: a reason and the configured issuer, never the token or what it says', async () => {
  const token = tokenWith({ exp: 1, email: 'canary@acme.example' });
  const line = await refusal(`Bearer ${token}`);
  assert.deepEqual(
    [line.level, line.message, line.reason, line.issuer],
    ['WARN', 'token refused', 'expired', server.origin],
  );
  for (const secret of [token, ...token.split('.'), 'canary', 'sales-crew']) {
    assert.ok(!JSON.stringify(line).includes(secret), secret);
  }
});

test('an issuer that is not ours is not repeated in the log', async () => {
  const line = await refusal(`Bearer ${tokenWith({ iss: 'https://canary.example' })}`);
  assert.deepEqual([line.reason, line.issuer], ['issuer_unknown', undefined]);
  assert.doesNotMatch(JSON.stringify(line), /canary/);
});

test('anything but one bearer token is refused', async () => {
  const token = tokenWith();
  for (const authorization of [
    undefined,
    '',
    token,
    `Basic ${token}`,
    `Bearer`,
    `Bearer  ${token}`,
    `Bearer ${token} `,
    `Bearer ${token}, Bearer ${token}`,
    `Bearer ${token}\n`,
    ['Bearer x'],
    `DPoP ${token}`,
  ]) {
    assert.equal((await refusal(authorization)).reason, 'bearer_missing', String(authorization));
  }
});

test('when the keys of an issuer cannot be read nobody passes, and the gateway is not told to answer 401', async () => {
  const { message, line } = await failureOf(`Bearer ${tokenWith({ iss: 'https://away.example' })}`);
  assert.notEqual(message, 'Unauthorized');
  assert.equal(line.level, 'ERROR');
  const { name, cause } = line.error as { name: string; cause: { code: string } };
  assert.deepEqual([name, cause.code], ['DependencyUnavailable', 'ECONNREFUSED']);
});
