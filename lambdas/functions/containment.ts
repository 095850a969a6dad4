import { connectDynamo } from '../adapters/dynamo/dynamo-call.ts';
import { dynamoContainments } from '../adapters/dynamo/dynamo-containments.ts';
import { dynamoStore } from '../adapters/dynamo/dynamo-store.ts';
import { lambdaFirstPass } from '../adapters/lambda-first-pass.ts';
import { systemBackoff, systemClock, systemRandom } from '../adapters/system-clock.ts';
import { createEngine } from '../core/policy/engine.ts';
import { containmentHandlers } from '../http/containment-operations.ts';
import { ContainmentEnvironment } from './containment.env.ts';
import { countAlarm } from './count-alarm.ts';
import { httpFunction } from './http-function.ts';
import { loadConfig } from './load-config.ts';
import { createLogger } from './logger.ts';
import { softwareOf } from './software.ts';

const environment = ContainmentEnvironment.parse(process.env);
const config = loadConfig('containment');
const logger = createLogger('containment');
const software = softwareOf('containment', config.digest);
const tables = { grants: environment.GRANTS_TABLE, audit: environment.AUDIT_TABLE };
const dynamo = connectDynamo(tables);
const store = dynamoStore(dynamo, systemClock);

export const handler = httpFunction(
  containmentHandlers({
    store,
    software,
    containments: dynamoContainments(dynamo),
    firstPass: lambdaFirstPass(environment.SWEEPER_FUNCTION),
    policy: createEngine(config),
    principals: config.principals,
    resources: config.resources,
    alarm: countAlarm,
    clock: systemClock,
    random: systemRandom,
    backoff: systemBackoff,
    log: logger.log,
  }),
  // Its use cases keep every word that does not count, here as at the console.
  { store, software, logger, keepsRefusals: false },
);
