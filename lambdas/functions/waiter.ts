import { connectDynamo } from '../adapters/dynamo/dynamo-call.ts';
import { dynamoStore } from '../adapters/dynamo/dynamo-store.ts';
import { stepFunctionsSignals } from '../adapters/step-functions-workflow.ts';
import { systemClock } from '../adapters/system-clock.ts';
import { storePeopleWait, storeWait } from '../app/store-wait.ts';
import { taskHandler } from '../tasks/task-handler.ts';
import { WaitTaskSchema } from '../tasks/wait-task.ts';
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

export const handler = taskHandler(
  WaitTaskSchema,
  (wait) => (wait.wait === 'end' ? storeWait(deps, wait) : storePeopleWait(deps, wait)),
  log,
);
