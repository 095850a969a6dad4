import * as z from 'zod';
import { cloudWatchRefusals } from '../adapters/cloudwatch-refusals.ts';
import { connectDynamo } from '../adapters/dynamo/dynamo-call.ts';
import { dynamoContainments } from '../adapters/dynamo/dynamo-containments.ts';
import { dynamoStore } from '../adapters/dynamo/dynamo-store.ts';
import { lambdaEndings } from '../adapters/lambda-endings.ts';
import { lambdaNotifier } from '../adapters/lambda-notifier.ts';
import { stepFunctionsWorkflow } from '../adapters/step-functions-workflow.ts';
import { systemBackoff, systemClock } from '../adapters/system-clock.ts';
import { systemContext } from '../app/caller.ts';
import { sweep } from '../app/sweep.ts';
import { sweepContainment } from '../app/sweep-containment.ts';
import { CONTAINMENT_ID_PATTERN } from '../core/grant/ids.ts';
import { RUNNER_TIMEOUT_SECONDS, SECOND_MS } from '../core/limits.ts';
import { createEngine } from '../core/policy/engine.ts';
import { TASK_ERRORS } from '../tasks/grant-task.ts';
import { taskHandler } from '../tasks/task-handler.ts';
import { loadConfig } from './load-config.ts';
import { createLogger } from './logger.ts';
import { softwareOf } from './software.ts';
import { publishSweep } from './sweep-metrics.ts';
import { SweeperEnvironment } from './sweeper.env.ts';

const environment = SweeperEnvironment.parse(process.env);
const config = loadConfig('sweeper');
const { log } = createLogger('sweeper');
const software = softwareOf('sweeper', config.digest);
const tables = { grants: environment.GRANTS_TABLE, audit: environment.AUDIT_TABLE };
const dynamo = connectDynamo(tables);
const deps = {
  store: dynamoStore(dynamo, systemClock),
  containments: dynamoContainments(dynamo),
  workflow: stepFunctionsWorkflow({
    grant: environment.GRANT_WORKFLOW_ARN,
    run: environment.RUN_WORKFLOW_ARN,
  }),
  endings: lambdaEndings({
    names: { runner: environment.RUNNER_FUNCTION, revoker: environment.REVOKER_FUNCTION },
    timeoutMs: (RUNNER_TIMEOUT_SECONDS + 2) * SECOND_MS,
    recorded: [TASK_ERRORS.notDead],
  }),
  notifier: lambdaNotifier(environment.NOTIFIER_FUNCTION),
  refusedTokens: cloudWatchRefusals(environment.AUTHORIZER_LOG_GROUP),
  policy: { ...createEngine(config), groups: config.groups, categories: config.categories },
  resources: config.resources,
  principals: config.principals,
  software,
  clock: systemClock,
  backoff: systemBackoff,
  log,
};

/** The schedule's event says nothing that is needed; a stop that was just placed is named, and waits for nothing else. */
const Wanted = z.union([
  z.strictObject({ containment: z.string().regex(CONTAINMENT_ID_PATTERN) }),
  z.unknown().transform(() => undefined),
]);

export const handler = taskHandler(
  Wanted,
  async (wanted, invocation) => {
    const context = systemContext(invocation, software);
    if (wanted) return void (await sweepContainment(deps, wanted.containment, context));
    const report = await sweep(deps, context);
    publishSweep(report);
    return report;
  },
  log,
);
