import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, test } from 'node:test';
import {
  ConditionalCheckFailedException,
  DeleteItemCommand,
  GetItemCommand,
  ListTablesCommand,
  PutItemCommand,
} from '@aws-sdk/client-dynamodb';
import { InvokeCommand } from '@aws-sdk/client-lambda';
import { StartExecutionCommand } from '@aws-sdk/client-sfn';
import { Client } from 'pg';
import { stringify } from 'yaml';
import { createApiClient, type Wire } from '../../bin/api-client.ts';
import { exportTrail } from '../../bin/audit-export.ts';
import { verifyExport } from '../../lambdas/core/audit/audit-export.ts';
import { parseReceipt } from '../../lambdas/core/audit/chain.ts';
import { assume, clientsOf } from './aws-clients.ts';
import { ACCOUNT, concedeAgain, deployArgs, deployStack, REGION, STACK_NAME } from './deploy-stack.ts';

// What stands here for AWS is MiniStack, with signatures and IAM policies enforced. It proves that CDK's own command
// line deploys this stack, that its parts fit each other, and that its roles hold the rights that the functions use.
// It does not prove that AWS accepts the template, nor what conditions on keys of DynamoDB, the firewall, throttling,
// alarms or the time-outs of the workflow do. `deploy-gaps.test.ts` names each gap.
const deployment = await deployStack('deploy');
after(() => deployment.stop());
const { ministack, baseUrl, issuer } = deployment;
const admin = clientsOf(ministack);

const tokenFor = async (client: Parameters<typeof issuer.secretOf>[0]): Promise<string> => {
  const basic = Buffer.from(`${client}:${issuer.secretOf(client)}`).toString('base64');
  const answer = await fetch(issuer.tokenUrl, {
    method: 'POST',
    headers: { authorization: `Basic ${basic}` },
    body: new URLSearchParams({ grant_type: 'client_credentials' }),
  });
  return JSON.parse(await answer.text()).access_token;
};

const tables = async (): Promise<{ grants: string; audit: string }> => {
  const { TableNames = [] } = await admin.dynamo.send(new ListTablesCommand({}));
  const named = (part: string) => TableNames.find((name) => name.includes(part)) ?? '';
  return { grants: named('Grants'), audit: named('Audit') };
};

const exportLines = async (): Promise<string[]> => {
  const { grants: grantsTable, audit: auditTable } = await tables();
  const source = { client: admin.dynamo, grantsTable, auditTable, chains: undefined };
  return Array.fromAsync(exportTrail(source, new Date()), (line) => JSON.stringify(line));
};

const ASK = { action: 'postgres:connect', durationSeconds: 600, reason: 'Weekly sales report' };
const WAIT = { prefer: 'wait=20' };

test('the gateway answers for itself, in problems, until a token has been verified', async () => {
  const statusOf = async (path: string, authorization?: string) => {
    const headers = authorization === undefined ? {} : { authorization };
    const answer = await fetch(baseUrl + path, { headers });
    const { status, code } = JSON.parse(await answer.text());
    assert.equal(answer.headers.get('content-type'), 'application/problem+json');
    assert.equal(answer.status, status);
    return [status, code];
  };
  assert.deepEqual(await statusOf('/v1/me'), [401, 'token_refused']);
  assert.deepEqual(await statusOf('/v1/me', 'Bearer a.b.c'), [401, 'token_refused']);
  const [header, payload, signature = ''] = (await tokenFor('sales-crew')).split('.');
  const forged = [
    header,
    payload,
    signature.startsWith('A') ? `B${signature.slice(1)}` : `A${signature.slice(1)}`,
  ];
  assert.deepEqual(await statusOf('/v1/me', `Bearer ${forged.join('.')}`), [401, 'token_refused']);
  assert.deepEqual(await statusOf('/v1/nothing'), [404, 'unknown_route']);
});

test('a request goes in through the deployed API, access begins and ends, and its audit entries come out', async () => {
  const crew = createApiClient(baseUrl, await tokenFor('sales-crew'));
  const me = await crew.get<Wire['MeView']>('/v1/me');
  assert.equal(me.body.principal.name, 'sales-analyst');

  const task = await crew.post<Wire['TaskView']>('/v1/tasks', { name: 'Weekly sales report' });
  assert.equal(task.status, 201);
  const ask = { ...ASK, task: task.body.id, resource: 'orders-db' };
  const grant = await crew.post<Wire['GrantView']>('/v1/grants', ask, WAIT);
  assert.deepEqual([grant.status, grant.body.state], [201, 'active'], JSON.stringify(grant.body));

  const vended = await crew.post<Wire['PostgresCredentialView']>(`/v1/grants/${grant.body.id}/credentials`);
  assert.equal(vended.status, 201, JSON.stringify(vended.body));
  const { host, port, user, password, database, sslrootcert: ca } = vended.body.postgres;
  const connection = new Client({ host, port, user, password, database, ssl: { ca } });
  connection.on('error', () => undefined);
  await connection.connect();
  const { rows } = await connection.query('SELECT count(*)::int AS orders FROM orders');
  assert.deepEqual(rows, [{ orders: 600 }]);

  const ended = await crew.end<Wire['TaskView']>(`/v1/tasks/${task.body.id}`);
  assert.equal(ended.status, 200, JSON.stringify(ended.body));
  assert.equal(ended.body.grants?.[0]?.ending?.status, 'dead');
  await assert.rejects(connection.query('SELECT 1'));

  const lines = await exportLines();
  const held = crew.receipts.map(parseReceipt).filter((receipt) => receipt !== undefined);
  assert.ok(held.length >= 4);
  assert.deepEqual(verifyExport(lines, held).flaws, []);
  const entries = lines.map((line) => JSON.parse(line)).filter(({ chain }) => chain === grant.body.id);
  assert.ok(
    entries.some(({ type, event }) => type === 'entry' && event.type === 'credential.issued'),
    lines.join('\n'),
  );
  assert.ok(!lines.join('\n').includes(password), 'the trail holds the credential');
});

test('a crew without a policy is denied through the deployed API, and the denial is in the trail', async () => {
  const crew = createApiClient(baseUrl, await tokenFor('other-crew'));
  const task = await crew.post<Wire['TaskView']>('/v1/tasks', { name: 'Curious' });
  const ask = { ...ASK, task: task.body.id, resource: 'orders-db' };
  const denied = await crew.post<Wire['ProblemView']>('/v1/grants', ask);
  assert.deepEqual([denied.status, denied.body.code], [403, 'policy_denied']);
  const held = crew.receipts.map(parseReceipt).filter((receipt) => receipt !== undefined);
  assert.ok(held.some(({ chain }) => chain.startsWith('g_')));
  assert.deepEqual(verifyExport(await exportLines(), held).flaws, []);
});

test('the deployed sweeper finds nothing wrong, with the rights of its own role', async () => {
  const name = `${STACK_NAME}-sweeper`;
  const { Payload, FunctionError } = await admin.lambda.send(new InvokeCommand({ FunctionName: name }));
  const answer = Buffer.from(Payload ?? []).toString();
  assert.equal(FunctionError, undefined, answer);
});

const workflow = `arn:aws:states:${REGION}:${ACCOUNT}:stateMachine:${STACK_NAME}-grant`;
const stateKey = { pk: { S: 'TASK#none' }, sk: { S: 'TASK' } };
const entryKey = { chain: { S: 'none' }, seq: { N: '1' } };
/** Never holds, so whoever may do it changes nothing: it fails only after its rights were looked at. */
const NEVER = { ConditionExpression: 'attribute_exists(nothing)' };
type As = ReturnType<typeof clientsOf>;
type Names = Awaited<ReturnType<typeof tables>>;
const ACTS: Readonly<Record<string, (as: As, names: Names) => Promise<unknown>>> = {
  'read state': (as, { grants }) => as.dynamo.send(new GetItemCommand({ TableName: grants, Key: stateKey })),
  'write state': (as, { grants }) =>
    as.dynamo.send(new PutItemCommand({ TableName: grants, Item: stateKey, ...NEVER })),
  'delete state': (as, { grants }) =>
    as.dynamo.send(new DeleteItemCommand({ TableName: grants, Key: stateKey, ...NEVER })),
  'read the trail': (as, { audit }) =>
    as.dynamo.send(new GetItemCommand({ TableName: audit, Key: entryKey })),
  'append to the trail': (as, { audit }) =>
    as.dynamo.send(new PutItemCommand({ TableName: audit, Item: entryKey, ...NEVER })),
  'delete from the trail': (as, { audit }) =>
    as.dynamo.send(new DeleteItemCommand({ TableName: audit, Key: entryKey, ...NEVER })),
  'start a workflow': (as) => {
    const name = `none-${crypto.randomUUID()}`;
    return as.sfn.send(new StartExecutionCommand({ stateMachineArn: workflow, name, input: '{}' }));
  },
  'invoke runner': (as) =>
    as.lambda.send(new InvokeCommand({ FunctionName: `${STACK_NAME}-runner`, Payload: Buffer.from('{}') })),
  'assume a target role': (as) => assume(as, `arn:aws:iam::${ACCOUNT}:role/latchkey-target-orders-db`),
};
const TABLE_WRITER = ['read state', 'write state', 'read the trail', 'append to the trail'];
const MAY: Readonly<Record<string, readonly string[]>> = {
  authorizer: [],
  api: [...TABLE_WRITER, 'start a workflow'],
  reader: ['read state', 'read the trail'],
  vend: [...TABLE_WRITER, 'assume a target role'],
  runner: TABLE_WRITER,
  waiter: ['read state', 'write state'],
  sweeper: [...TABLE_WRITER, 'start a workflow', 'invoke runner'],
};

const sessionOf = async (role: string): Promise<As> =>
  clientsOf(ministack, await assume(admin, `arn:aws:iam::${ACCOUNT}:role/${role}`));

for (const [name, may] of Object.entries(MAY))
  test(`of nine acts the deployed role of ${name} may do these: ${may.join(', ') || 'none'}`, async () => {
    const as = await sessionOf(`${STACK_NAME}-${name}`);
    const names = await tables();
    const done: string[] = [];
    for (const [what, act] of Object.entries(ACTS))
      await act(as, names).then(
        () => done.push(what),
        (error: Error) => {
          if (error instanceof ConditionalCheckFailedException) done.push(what);
          else assert.match(error.name, /^AccessDenied/, `${what}: ${error}`);
        },
      );
    assert.deepEqual(done, may);
  });

test('a change of policy is a second deploy, and holds from then on', async () => {
  const file = join(deployment.outdir, '../config/policies/data-crew.cedar');
  const policy = readFileSync(file, 'utf8');
  const narrower = policy.replace('context.durationSeconds <= 3600', 'context.durationSeconds <= 300');
  assert.notEqual(narrower, policy);
  writeFileSync(file, narrower);
  const examples = join(deployment.outdir, '../config/examples.yaml');
  const example = { agent: 'sales-analyst', action: ASK.action, resource: 'orders-db', expect: 'deny' };
  writeFileSync(examples, stringify({ examples: [{ ...example, durationSeconds: ASK.durationSeconds }] }));
  await deployment.cdk('synth', '--quiet');
  concedeAgain(deployment.outdir);
  const output = await deployment.cdk(...deployArgs(deployment.outdir));
  assert.match(output, /latchkey-api|api\/Function/);

  const crew = createApiClient(baseUrl, await tokenFor('sales-crew'));
  const task = await crew.post<Wire['TaskView']>('/v1/tasks', { name: 'Weekly sales report' });
  const denied = await crew.post<Wire['ProblemView']>('/v1/grants', {
    ...ASK,
    task: task.body.id,
    resource: 'orders-db',
  });
  assert.deepEqual([denied.status, denied.body.code], [403, 'policy_denied']);
});

test('the tables outlive the stack', async () => {
  const before = await tables();
  await deployment.cdk('destroy', '--app', deployment.outdir, '--force');
  assert.deepEqual(await tables(), before);
  const lines = await exportLines();
  assert.deepEqual(verifyExport(lines, []).flaws, []);
});
