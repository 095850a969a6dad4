import { connectDynamo } from '../adapters/dynamo/dynamo-call.ts';
import { dynamoStore } from '../adapters/dynamo/dynamo-store.ts';
import { systemBackoff, systemClock } from '../adapters/system-clock.ts';
import { TargetTaskSchema, targetTask } from '../tasks/target-task.ts';
import { taskHandler } from '../tasks/task-handler.ts';
import { loadConfig } from './load-config.ts';
import { createLogger } from './logger.ts';
import { RevokerEnvironment } from './revoker.env.ts';
import { softwareOf } from './software.ts';

const environment = RevokerEnvironment.parse(process.env);
const config = loadConfig('revoker');
const { log } = createLogger('revoker');
const tables = { grants: environment.GRANTS_TABLE, audit: environment.AUDIT_TABLE };

const deps = {
  store: dynamoStore(connectDynamo(tables), systemClock),
  targets: {},
  resources: config.resources,
  software: softwareOf('revoker', config.digest),
  clock: systemClock,
  backoff: systemBackoff,
};

export const handler = taskHandler(TargetTaskSchema, targetTask(deps), log);
