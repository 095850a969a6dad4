import type { TransactWriteItem } from '@aws-sdk/client-dynamodb';
import type { UsageChange } from '../../app/ports.ts';
import { BUDGET_KEPT_SECONDS, PRINCIPAL_DAY_BUDGET, SECOND_MS, TASK_BUDGET } from '../../core/limits.ts';
import { budgetDay } from '../../core/run/budget.ts';
import type { Item } from './items.ts';
import { budgetKey, number, taskKey, text } from './items.ts';
import type { Tables } from './transaction.ts';

/** The counters of a task and of its principal's day, moved by what one run has used. */
export const usageWrites = (tables: Tables, usage: UsageChange): TransactWriteItem[] => [
  { Update: { TableName: tables.grants, ...taskUpdate(usage) } },
  { Update: { TableName: tables.grants, ...principalUpdate(usage) } },
];

const COUNTERS = 'runs :runs, rowsUsed :rows, bytesUsed :bytes, failures :failures';

const counted = ({ runs, rows, bytes, failures }: UsageChange): Item => ({
  ':runs': number(runs),
  ':rows': number(rows),
  ':bytes': number(bytes),
  ':failures': number(failures),
});

const BELOW = '(attribute_not_exists(runs) OR runs < :max)';

const taskUpdate = (usage: UsageChange) => {
  const begins = usage.begins === true;
  const failed = usage.outcome === 'failure';
  const sets = {
    failure: { add: ', failuresInRow :one', set: 'SET lastFailureAt = :at ' },
    success: { add: '', set: 'SET failuresInRow = :zero ' },
    none: { add: '', set: '' },
  }[usage.outcome ?? 'none'];
  return {
    Key: taskKey(usage.task),
    UpdateExpression: `${sets.set}ADD ${COUNTERS}${sets.add}`,
    ConditionExpression: begins ? `#state = :open AND openUntil > :at AND ${BELOW}` : 'attribute_exists(pk)',
    ...(begins ? { ExpressionAttributeNames: { '#state': 'state' } } : {}),
    ExpressionAttributeValues: {
      ...counted(usage),
      ...(begins ? { ':open': text('open'), ':max': number(TASK_BUDGET.runs) } : {}),
      ...(begins || failed ? { ':at': number(usage.at) } : {}),
      ...(failed ? { ':one': number(1) } : {}),
      ...(usage.outcome === 'success' ? { ':zero': number(0) } : {}),
    },
  };
};

const principalUpdate = (usage: UsageChange) => ({
  Key: budgetKey(usage.principalKey, budgetDay(usage.at)),
  UpdateExpression: `SET purgeAt = :purge ADD ${COUNTERS}`,
  ...(usage.begins ? { ConditionExpression: BELOW } : {}),
  ExpressionAttributeValues: {
    ...counted(usage),
    ':purge': number(Math.ceil(usage.at / SECOND_MS) + BUDGET_KEPT_SECONDS),
    ...(usage.begins ? { ':max': number(PRINCIPAL_DAY_BUDGET.runs) } : {}),
  },
});
