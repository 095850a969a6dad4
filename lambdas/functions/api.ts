import { connectDynamo } from '../adapters/dynamo/dynamo-call.ts';
import { dynamoStore } from '../adapters/dynamo/dynamo-store.ts';
import { stepFunctionsWorkflow } from '../adapters/step-functions-workflow.ts';
import { systemBackoff, systemClock, systemRandom, systemSleep } from '../adapters/system-clock.ts';
import { createEngine } from '../core/policy/engine.ts';
import { apiHandlers } from '../http/api-operations.ts';
import { ApiEnvironment } from './api.env.ts';
import { httpFunction } from './http-function.ts';
import { loadConfig } from './load-config.ts';
import { createLogger } from './logger.ts';
import { softwareOf } from './software.ts';

const environment = ApiEnvironment.parse(process.env);
const config = loadConfig('api');
const logger = createLogger('api');
const software = softwareOf('api', config.digest);
const tables = { grants: environment.GRANTS_TABLE, audit: environment.AUDIT_TABLE };
const store = dynamoStore(connectDynamo(tables), systemClock);

export const handler = httpFunction(
  apiHandlers({
    store,
    software,
    workflow: stepFunctionsWorkflow(environment.GRANT_WORKFLOW_ARN),
    policy: { ask: createEngine(config), groups: config.groups },
    resources: config.resources,
    principals: config.principals,
    clock: systemClock,
    sleep: systemSleep,
    random: systemRandom,
    backoff: systemBackoff,
    log: logger.log,
  }),
  { store, software, logger, keepsRefusals: true },
);
