import { connectDynamo } from '../adapters/dynamo/dynamo-call.ts';
import { dynamoStore } from '../adapters/dynamo/dynamo-store.ts';
import { lambdaNotifier } from '../adapters/lambda-notifier.ts';
import { stepFunctionsWorkflow } from '../adapters/step-functions-workflow.ts';
import { systemBackoff, systemClock, systemRandom, systemSleep } from '../adapters/system-clock.ts';
import { connectVaults } from '../adapters/vault/connect-vaults.ts';
import { createEngine } from '../core/policy/engine.ts';
import { loadParser } from '../core/sql/parser.ts';
import { apiHandlers } from '../http/api-operations.ts';
import { ApiEnvironment } from './api.env.ts';
import { vaultPlaces } from './environment.ts';
import { httpFunction } from './http-function.ts';
import { loadConfig } from './load-config.ts';
import { createLogger } from './logger.ts';
import { softwareOf } from './software.ts';

const environment = ApiEnvironment.parse(process.env);
const config = loadConfig('api');
const logger = createLogger('api');
const software = softwareOf('api', config.digest);
const tables = { grants: environment.GRANTS_TABLE, audit: environment.AUDIT_TABLE };
const dynamo = connectDynamo(tables);
const store = dynamoStore(dynamo, systemClock);

export const handler = httpFunction(
  apiHandlers({
    store,
    consoleUrl: environment.CONSOLE_URL,
    notifier: lambdaNotifier(environment.NOTIFIER_FUNCTION),
    software,
    workflow: stepFunctionsWorkflow({
      grant: environment.GRANT_WORKFLOW_ARN,
      run: environment.RUN_WORKFLOW_ARN,
    }),
    policy: { ...createEngine(config), groups: config.groups, categories: config.categories },
    resources: config.resources,
    principals: config.principals,
    vaults: connectVaults(dynamo.client, vaultPlaces(environment), {
      clock: systemClock,
      random: systemRandom,
    }),
    loadParser,
    clock: systemClock,
    sleep: systemSleep,
    random: systemRandom,
    backoff: systemBackoff,
    log: logger.log,
  }),
  { store, software, logger, keepsRefusals: true },
);
