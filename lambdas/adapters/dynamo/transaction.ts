import type { TransactWriteItem } from '@aws-sdk/client-dynamodb';
import type { Commit } from '../../app/ports.ts';
import type { Approval } from '../../core/approval/approval.ts';
import type { Grant } from '../../core/grant/grant.ts';
import { grantOfRun, taskOfGrant } from '../../core/grant/ids.ts';
import type { Task } from '../../core/grant/task.ts';
import { GRANTS_PER_TASK_MAX, SECOND_MS } from '../../core/limits.ts';
import type { Run } from '../../core/run/run.ts';
import type { Item } from './items.ts';
import {
  approvalItem,
  entryItem,
  grantItem,
  grantKey,
  idempotencyItem,
  keyHoldItem,
  lastApprovedKey,
  number,
  runItem,
  runKey,
  taskItem,
  taskKey,
  text,
} from './items.ts';
import { usageWrites } from './usage-writes.ts';

export interface Tables {
  readonly grants: string;
  readonly audit: string;
}

/** The one transaction of a commit: every state under the version it was read at, every entry where none stands. */
export const transactionOf = (tables: Tables, commit: Commit): TransactWriteItem[] => [
  ...(commit.grants ?? []).map((grant) => putGrant(tables, grant, commit.activeGrant)),
  ...(commit.tasks ?? []).map((task) => updateTask(tables, task)),
  ...(commit.runs ?? []).map((run) => putRun(tables, run)),
  ...(commit.approvals ?? []).map((approval) => putApproval(tables, approval)),
  ...(commit.keyHold ? [putKeyHold(tables, commit.keyHold)] : []),
  ...(commit.waits ? [checkWaits(tables, commit.waits)] : []),
  ...(commit.liveGrant ? [checkLive(tables, commit.liveGrant)] : []),
  ...(commit.lastApproved ? [putLastApproved(tables, commit.lastApproved)] : []),
  ...(commit.usage ? usageWrites(tables, commit.usage) : []),
  ...(commit.openTask ? [joinTask(tables, commit.openTask)] : []),
  ...(commit.standingTask && !beginsUnder(commit.standingTask.id, commit)
    ? [checkTask(tables, commit.standingTask)]
    : []),
  ...(commit.idempotency ? [putIdempotency(tables, commit.idempotency)] : []),
  ...commit.entries.map((entry) => ({
    Put: {
      TableName: tables.audit,
      Item: entryItem(entry),
      ConditionExpression: 'attribute_not_exists(chain)',
    },
  })),
];

const putGrant = (tables: Tables, grant: Grant, active: Commit['activeGrant']): TransactWriteItem => {
  const isNew = grant.version === 1;
  const stillActive = active
    ? {
        condition: ' AND #state = :active AND expiresAt > :at',
        names: { '#state': 'state' },
        values: { ':active': text('active'), ':at': number(active.at) },
      }
    : { condition: '', names: undefined, values: {} };
  return {
    Put: {
      TableName: tables.grants,
      Item: grantItem(grant),
      ConditionExpression: isNew ? 'attribute_not_exists(pk)' : `version = :read${stillActive.condition}`,
      ...(stillActive.names ? { ExpressionAttributeNames: stillActive.names } : {}),
      ...(isNew
        ? {}
        : { ExpressionAttributeValues: { ':read': number(grant.version - 1), ...stillActive.values } }),
    },
  };
};

/** An update and not a put, because the count of grants stands on the same item and must not be written back. */
const updateTask = (tables: Tables, task: Task): TransactWriteItem => {
  const { pk: _pk, sk: _sk, ...attributes } = taskItem(task);
  const names = [...Object.keys(attributes), ...TASK_OPTIONAL.filter((name) => !(name in attributes))];
  const sets = Object.keys(attributes).map((name) => `#${name} = :${name}`);
  const removes = TASK_OPTIONAL.filter((name) => !(name in attributes)).map((name) => `#${name}`);
  const isNew = task.version === 1;
  return {
    Update: {
      TableName: tables.grants,
      Key: taskKey(task.id),
      UpdateExpression: `SET ${sets.join(', ')}${removes.length ? ` REMOVE ${removes.join(', ')}` : ''}`,
      ConditionExpression: isNew ? 'attribute_not_exists(pk)' : '#version = :read',
      ExpressionAttributeNames: Object.fromEntries(names.map((name) => [`#${name}`, name])),
      ExpressionAttributeValues: {
        ...Object.fromEntries(Object.entries(attributes).map(([name, value]) => [`:${name}`, value])),
        ...(isNew ? {} : { ':read': number(task.version - 1) }),
      } satisfies Item,
    },
  };
};

const TASK_OPTIONAL = ['due', 'dueAt', 'openUntil'];

/** A grant joins its task only while the task stands: the other half of writing the tombstone first. */
const joinTask = (tables: Tables, open: NonNullable<Commit['openTask']>): TransactWriteItem => ({
  Update: {
    TableName: tables.grants,
    Key: taskKey(open.id),
    UpdateExpression: 'ADD grantCount :one',
    ConditionExpression:
      '#state = :open AND openUntil > :at AND (attribute_not_exists(grantCount) OR grantCount < :max)',
    ExpressionAttributeNames: { '#state': 'state' },
    ExpressionAttributeValues: {
      ':one': number(1),
      ':open': text('open'),
      ':at': number(open.at),
      ':max': number(GRANTS_PER_TASK_MAX),
    },
  },
});

const beginsUnder = (task: string, { usage }: Commit): boolean =>
  usage?.begins === true && usage.task === task;

/** A grant says nothing of its task: between the tombstone and the grant's own end it is active still. */
const checkTask = (tables: Tables, standing: NonNullable<Commit['standingTask']>): TransactWriteItem => ({
  ConditionCheck: {
    TableName: tables.grants,
    Key: taskKey(standing.id),
    ConditionExpression: '#state = :open AND openUntil > :at',
    ExpressionAttributeNames: { '#state': 'state' },
    ExpressionAttributeValues: { ':open': text('open'), ':at': number(standing.at) },
  },
});

const putRun = (tables: Tables, run: Run): TransactWriteItem => putVersion(tables, runItem(run), run.version);

const putApproval = (tables: Tables, approval: Approval): TransactWriteItem =>
  putVersion(tables, approvalItem(approval), approval.version);

const putVersion = (tables: Tables, item: Item, version: number): TransactWriteItem => ({
  Put: {
    TableName: tables.grants,
    Item: item,
    ...(version === 1
      ? { ConditionExpression: 'attribute_not_exists(pk)' }
      : {
          ConditionExpression: 'version = :read',
          ExpressionAttributeValues: { ':read': number(version - 1) },
        }),
  },
});

/** A decision counts only while what it is about still waits for it. */
const checkWaits = (
  tables: Tables,
  { kind, id, approval }: NonNullable<Commit['waits']>,
): TransactWriteItem => ({
  ConditionCheck: {
    TableName: tables.grants,
    Key: kind === 'grant' ? grantKey(id, taskOfGrant(id)) : runKey(id, taskOfGrant(grantOfRun(id))),
    ConditionExpression: '#state = :waiting AND approval = :approval',
    ExpressionAttributeNames: { '#state': 'state' },
    ExpressionAttributeValues: { ':waiting': text('pending_approval'), ':approval': text(approval) },
  },
});

const checkLive = (tables: Tables, { id, at }: NonNullable<Commit['liveGrant']>): TransactWriteItem => ({
  ConditionCheck: {
    TableName: tables.grants,
    Key: grantKey(id, taskOfGrant(id)),
    ConditionExpression: '#state = :active AND expiresAt > :at',
    ExpressionAttributeNames: { '#state': 'state' },
    ExpressionAttributeValues: { ':active': text('active'), ':at': number(at) },
  },
});

/** A key that is nobody's, its own grant's, or of a grant that is long over. */
const putKeyHold = (tables: Tables, hold: NonNullable<Commit['keyHold']>): TransactWriteItem => ({
  Put: {
    TableName: tables.grants,
    Item: keyHoldItem(hold),
    // Deletion by age lags behind, so age is checked here and not trusted to have happened.
    ConditionExpression: 'attribute_not_exists(pk) OR holder = :grant OR purgeAt < :now',
    ExpressionAttributeValues: {
      ':grant': text(hold.grant.id),
      ':now': number(Math.floor(hold.at / SECOND_MS)),
    },
  },
});

const putLastApproved = (tables: Tables, last: NonNullable<Commit['lastApproved']>): TransactWriteItem => ({
  Put: {
    TableName: tables.grants,
    Item: { ...lastApprovedKey(last), approval: text(last.approval) },
  },
});

const putIdempotency = (tables: Tables, record: NonNullable<Commit['idempotency']>): TransactWriteItem => ({
  Put: {
    TableName: tables.grants,
    Item: idempotencyItem(record),
    // Deletion by age lags behind, so age is checked here and not trusted to have happened.
    ConditionExpression: 'attribute_not_exists(pk) OR purgeAt < :now',
    ExpressionAttributeValues: { ':now': number(Math.floor(record.createdAt / 1000)) },
  },
});
