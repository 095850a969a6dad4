import { connectDynamo } from '../adapters/dynamo/dynamo-call.ts';
import { dynamoStore } from '../adapters/dynamo/dynamo-store.ts';
import { ownRdsSigner } from '../adapters/own-rds-signer.ts';
import { postgresTarget } from '../adapters/postgres/postgres-target.ts';
import { systemBackoff, systemClock } from '../adapters/system-clock.ts';
import { RunnerTaskSchema, runTask } from '../tasks/runner-task.ts';
import { taskHandler } from '../tasks/task-handler.ts';
import { loadConfig } from './load-config.ts';
import { createLogger } from './logger.ts';
import { RunnerEnvironment } from './runner.env.ts';
import { softwareOf } from './software.ts';

const environment = RunnerEnvironment.parse(process.env);
const config = loadConfig('runner');
const { log } = createLogger('runner');
const tables = { grants: environment.GRANTS_TABLE, audit: environment.AUDIT_TABLE };
const deps = {
  store: dynamoStore(connectDynamo(tables), systemClock),
  target: postgresTarget({ signOwn: ownRdsSigner(), clock: systemClock }),
  resources: config.resources,
  software: softwareOf('runner', config.digest),
  clock: systemClock,
  backoff: systemBackoff,
};

export const handler = taskHandler(RunnerTaskSchema, runTask(deps), log);
