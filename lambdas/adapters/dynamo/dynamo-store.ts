import { PutItemCommand } from '@aws-sdk/client-dynamodb';
import type { Store, UseRead } from '../../app/ports.ts';
import { grantOfRun, taskOfGrant } from '../../core/grant/ids.ts';
import { GRANT_MAX_SECONDS, SECOND_MS } from '../../core/limits.ts';
import { budgetDay } from '../../core/run/budget.ts';
import { type Dynamo, orUnavailable, putOnce } from './dynamo-call.ts';
import { appendSystem, commit } from './dynamo-commit.ts';
import * as reads from './dynamo-reads.ts';
import * as items from './items.ts';

/** What every use of a grant is checked against, in this order. */
const useKeys = (grantId: string, taskId: string): items.Item[] => [
  items.grantKey(grantId, taskId),
  items.taskKey(taskId),
  items.CONTAINMENT_KEY,
  items.revocationKey(grantId),
];

const useRead = ([grant, task, containment, revocation]: readonly (items.Item | undefined)[]): UseRead => ({
  grant: items.readGrant(grant),
  task: items.readTask(task),
  containment: items.readContainment(containment),
  isRevoked: revocation !== undefined,
});

/** The port `Store` on two DynamoDB tables. */
export const dynamoStore = (dynamo: Dynamo, clock: () => number): Store => ({
  async readForUse(grantId, keyFingerprint) {
    const keys = useKeys(grantId, taskOfGrant(grantId));
    if (keyFingerprint === undefined) return useRead(await reads.readTogether(dynamo, keys));
    const found = await reads.readTogether(dynamo, [...keys, items.keyHoldKey(keyFingerprint)]);
    return { ...useRead(found), keyHolder: items.readKeyHolder(found.at(-1)) };
  },
  async readForRequest({ taskId, principalKey, idempotencyKey }) {
    const keys = [items.taskKey(taskId), items.CONTAINMENT_KEY];
    if (idempotencyKey !== undefined) keys.push(items.idempotencyKey(principalKey, idempotencyKey));
    const [task, containment, earlier] = await reads.readTogether(dynamo, keys);
    return {
      task: items.readTask(task),
      grantCount: items.readGrantCount(task),
      containment: items.readContainment(containment),
      earlier: items.readIdempotency(earlier),
    };
  },
  async readForRun({ grantId, principalKey, idempotencyKey, at }) {
    const taskId = taskOfGrant(grantId);
    const keys = [...useKeys(grantId, taskId), items.budgetKey(principalKey, budgetDay(at))];
    if (idempotencyKey !== undefined) keys.push(items.idempotencyKey(principalKey, idempotencyKey));
    const found = await reads.readTogether(dynamo, keys);
    const [, task, , , used, earlier] = found;
    return {
      ...useRead(found),
      budgets: { task: items.readTaskUsage(task), principal: items.readUsage(used) },
      earlier: items.readIdempotency(earlier),
    };
  },
  async readRunForUse(runId, budgetOf) {
    const grantId = grantOfRun(runId);
    const taskId = taskOfGrant(grantId);
    const keys = [...useKeys(grantId, taskId), items.runKey(runId, taskId)];
    if (budgetOf) keys.push(items.budgetKey(budgetOf.principalKey, budgetDay(budgetOf.at)));
    const found = await reads.readTogether(dynamo, keys);
    const [, task, , , run, used] = found;
    return {
      ...useRead(found),
      run: items.readRun(run),
      budgets: { task: items.readTaskUsage(task), principal: items.readUsage(used) },
    };
  },
  readApproval: async (id) => items.readApproval(await reads.readOne(dynamo, items.approvalKey(id))),
  listApprovals: (kind) =>
    reads.listAll(dynamo, kind === 'waiting' ? items.WAITING : items.IN_REVIEW, items.readApproval),
  async readLastApproved(of) {
    const item = await reads.readOne(dynamo, items.lastApprovedKey(of));
    return item && items.stringOf(item, 'approval');
  },
  async saveRevocation(revocation) {
    await putOnce(dynamo, items.revocationItem(revocation));
  },
  readRun: async (id) =>
    items.readRun(await reads.readOne(dynamo, items.runKey(id, taskOfGrant(grantOfRun(id))))),
  readGrant: async (id) => items.readGrant(await reads.readOne(dynamo, items.grantKey(id, taskOfGrant(id)))),
  readTask: async (id) => items.readTask(await reads.readOne(dynamo, items.taskKey(id))),
  readIdempotency: async (principalKey, key) =>
    items.readIdempotency(await reads.readOne(dynamo, items.idempotencyKey(principalKey, key))),
  commit: (change) => commit(dynamo, change),
  grantsOfTask: (taskId) => reads.grantsOfTask(dynamo, taskId),
  listGrants: (principalKey, cursor) =>
    reads.listMine(
      dynamo,
      {
        mine: items.mineOf('GRANT', principalKey),
        cursor,
        keyOf: (id) => items.grantKey(id, taskOfGrant(id)),
      },
      items.readGrant,
    ),
  listTasks: (principalKey, cursor) =>
    reads.listMine(
      dynamo,
      { mine: items.mineOf('TASK', principalKey), cursor, keyOf: items.taskKey },
      items.readTask,
    ),
  due: (until) => reads.readDue(dynamo, ['DUE', 'OWED'], until),
  owed: () => reads.readDue(dynamo, ['OWED'], Number.MAX_SAFE_INTEGER),
  async saveWaitToken(id, token) {
    const purgeAt = Math.ceil(clock() / SECOND_MS) + 2 * GRANT_MAX_SECONDS;
    const Item = {
      ...items.waitKey(id),
      token: items.text(token),
      purgeAt: items.number(purgeAt),
    };
    await orUnavailable(dynamo.client.send(new PutItemCommand({ TableName: dynamo.tables.grants, Item })));
  },
  async readWaitToken(id) {
    const item = await reads.readOne(dynamo, items.waitKey(id));
    return item && items.stringOf(item, 'token');
  },
  readSystemHead: (chain) => reads.readSystemHead(dynamo, chain),
  appendSystem: (chain, make) => appendSystem(dynamo, chain, make),
  readChain: (chain) => reads.readChain(dynamo, chain),
});
