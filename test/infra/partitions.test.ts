import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { type DynamoDBClient, PutItemCommand } from '@aws-sdk/client-dynamodb';
import { dynamoStore } from '../../lambdas/adapters/dynamo/dynamo-store.ts';
import * as items from '../../lambdas/adapters/dynamo/items.ts';
import { systemChain } from '../../lambdas/core/audit/system-chain.ts';
import { type Permission, permissionsOf } from '../../lib/permissions.ts';
import { FUNCTIONS } from './sample-settings.ts';

const TASK = 't_k3v9q2m7xw4b8r1nd6hz';
const GRANT = 'g_k3v9q2m7xw4b8r1nd6hz_5h2j7d9c1s0f';

const permissions = permissionsOf({
  grants: 'grants',
  audit: 'audit',
  vaultKeys: 'vault-keys',
  payloads: 'payloads',
  grantWorkflow: 'grant-workflow',
  runWorkflow: 'run-workflow',
  runner: 'runner',
  revoker: 'revoker',
  notifier: 'notifier',
  sweeper: 'sweeper',
  consoleSecret: undefined,
  notifierSecret: undefined,
  noticeTopic: undefined,
  authorizerLog: 'authorizer-log',
  targetRoles: [],
  sessionRoles: [],
  endingRoles: [],
  grantRoles: [],
  administratorRoles: [],
  databaseUsers: [],
  adminSecrets: [],
  passwordSecret: undefined,
  machineUsers: [],
  endSessionsDocument: undefined,
});

/** In the order of the table. */
const DECIDING = ['api', 'runner', 'console', 'sweeper'];

const writesOf = (name: (typeof FUNCTIONS)[number]): Permission[] =>
  permissions[name].filter(
    ({ actions, on }) => on.includes('grants') && actions.some((action) => /Put|Update/.test(action)),
  );

const partitionsOf = ({ when }: Permission): string[] =>
  [when?.['ForAllValues:StringLike']?.['dynamodb:LeadingKeys'] ?? []].flat();

const may = (name: (typeof FUNCTIONS)[number], key: items.Item): boolean =>
  writesOf(name)
    .flatMap(partitionsOf)
    .some((pattern) => isLike(items.stringOf(key, 'pk'), pattern));

const isLike = (name: string, pattern: string): boolean =>
  pattern.endsWith('*') ? name.startsWith(pattern.slice(0, -1)) : name === pattern;

/** The rights are narrowed by the names of partitions, so those must be the names the store writes. */
describe('the partitions that roles allow are those that the store uses', () => {
  test('states, by all that end or change them', () => {
    for (const name of ['api', 'vend', 'runner', 'revoker', 'sweeper'] as const) {
      assert.ok(may(name, items.grantKey(GRANT, TASK)), name);
      assert.ok(may(name, items.taskKey(TASK)), name);
      assert.ok(may(name, items.chainHeadKey('requests/2026-01-01/0')), name);
    }
  });

  test('ended sessions, by revoker alone', () => {
    for (const key of [items.endedMarkKey('role', GRANT), items.endedTurnKey('role')])
      assert.deepEqual(
        FUNCTIONS.filter((name) => may(name, key)),
        ['revoker'],
      );
  });

  test('idempotency, by api alone', () => {
    const able = FUNCTIONS.filter((name) => may(name, items.idempotencyKey('p', 'k')));
    assert.deepEqual(able, ['api']);
  });

  for (const [what, pk, able] of [
    ['approvals, by all that ask people, use or record their decision', 'APPROVAL#', DECIDING],
    ['sign-ins and what else is kept of people, by console alone', 'SESSION#', ['console']],
    ['revocations of grants, by console alone', 'REVOKED#', ['console']],
    ['calls of Slack, by console alone', 'REPLAY#', ['console']],
    ['notices, by notifier alone', 'NOTICE#', ['notifier']],
    ['whose a public key is, by vend alone', 'SSHKEY#', ['vend']],
  ] as const)
    test(what, () => {
      assert.deepEqual(
        FUNCTIONS.filter((name) => may(name, { pk: items.text(`${pk}x`) })),
        able,
      );
    });

  test('no grant, run, task, counter or token, by console or notifier', () => {
    const others = ['TASK#', 'IDEMPOTENCY#', 'BUDGET#', 'WAIT#'];
    for (const name of ['console', 'notifier'] as const)
      for (const pk of others) assert.ok(!may(name, { pk: items.text(`${pk}x`) }), `${name} ${pk}`);
  });

  test('the containment register, by those alone at whom people stop access and lift a stop', () => {
    assert.deepEqual(
      FUNCTIONS.filter((name) => may(name, items.CONTAINMENT_KEY)),
      ['containment', 'console'],
    );
  });

  test('stops, also by whoever records what was ended, which lifts nothing', () => {
    assert.deepEqual(
      FUNCTIONS.filter((name) => may(name, items.containmentKey('s_x'))),
      ['containment', 'console', 'sweeper'],
    );
  });

  test('by containment, nothing else: its own chain and that of refusals, and no state', () => {
    const chains = ['system:containment', systemChain('requests', 'somebody', 0)];
    for (const chain of chains) assert.ok(may('containment', items.chainHeadKey(chain)), chain);
    for (const chain of [GRANT, TASK, 'system:config', 'system:payloads'])
      assert.ok(!may('containment', items.chainHeadKey(chain)), chain);
    for (const pk of ['TASK#', 'APPROVAL#', 'IDEMPOTENCY#', 'BUDGET#', 'WAIT#', 'SESSION#', 'REVOKED#'])
      assert.ok(!may('containment', { pk: items.text(`${pk}x`) }), pk);
  });

  test('nothing, by reader and authorizer', () => {
    assert.deepEqual([...writesOf('reader'), ...writesOf('authorizer')], []);
  });

  test('a task token, by waiter, with no attribute that a grant or a task is read by', async () => {
    const sent: PutItemCommand[] = [];
    const client = { send: async (command: PutItemCommand) => void sent.push(command) };
    const tables = { grants: 'grants', audit: 'audit' };
    const store = dynamoStore({ client: client as unknown as DynamoDBClient, tables }, () => 0);
    await store.saveWaitToken(GRANT, 'token');
    const [put] = sent;
    assert.ok(put instanceof PutItemCommand);
    const [allowed] = writesOf('waiter');
    const attributes = allowed?.when?.['ForAllValues:StringEquals']?.['dynamodb:Attributes'];
    assert.deepEqual([...(attributes ?? [])].sort(), Object.keys(put.input.Item ?? {}).sort());
    assert.ok(may('waiter', put.input.Item ?? {}));
  });
});
