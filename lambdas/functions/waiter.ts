import * as z from 'zod';
import { connectDynamo } from '../adapters/dynamo/dynamo-call.ts';
import { dynamoStore } from '../adapters/dynamo/dynamo-store.ts';
import { stepFunctionsSignals } from '../adapters/step-functions-workflow.ts';
import { systemClock } from '../adapters/system-clock.ts';
import { storePeopleWait, storeWait } from '../app/store-wait.ts';
import { GRANT_ID_PATTERN, RUN_ID_PATTERN } from '../core/grant/ids.ts';
import { taskHandler } from '../tasks/task-handler.ts';
import { createLogger } from './logger.ts';
import { WaiterEnvironment } from './waiter.env.ts';

const environment = WaiterEnvironment.parse(process.env);
const { log } = createLogger('waiter');
const tables = { grants: environment.GRANTS_TABLE, audit: environment.AUDIT_TABLE };
const deps = {
  store: dynamoStore(connectDynamo(tables), systemClock),
  workflow: stepFunctionsSignals(),
  clock: systemClock,
};

const GrantId = z.string().regex(GRANT_ID_PATTERN);
const RunId = z.string().regex(RUN_ID_PATTERN);
const taskToken = z.string().min(1).max(2_048);

const WaitSchema = z.union([
  z.strictObject({ wait: z.literal('end'), grantId: GrantId, taskToken }),
  z.strictObject({ wait: z.literal('people'), grantId: GrantId, taskToken }),
  z.strictObject({ wait: z.literal('people'), runId: RunId, taskToken }),
]);

export const handler = taskHandler(
  WaitSchema,
  (wait) => (wait.wait === 'end' ? storeWait(deps, wait) : storePeopleWait(deps, wait)),
  log,
);
