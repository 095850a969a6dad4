import { administratorKeys } from '../adapters/aws/administrator-keys.ts';
import { stsSessions } from '../adapters/aws/assume-role.ts';
import { connectDynamo } from '../adapters/dynamo/dynamo-call.ts';
import { dynamoStore } from '../adapters/dynamo/dynamo-store.ts';
import { eksTarget } from '../adapters/eks/eks-target.ts';
import { ownEksToken } from '../adapters/eks/own-eks-token.ts';
import { statementTarget } from '../adapters/postgres/statement-target.ts';
import { systemBackoff, systemClock, systemRandom } from '../adapters/system-clock.ts';
import { connectVaults } from '../adapters/vault/connect-vaults.ts';
import type { Policy } from '../core/policy/decide-access.ts';
import { loadParser } from '../core/sql/parser.ts';
import { RunnerTaskSchema, runTask } from '../tasks/runner-task.ts';
import { taskHandler } from '../tasks/task-handler.ts';
import { countAlarm } from './count-alarm.ts';
import { databaseTargets, databaseTools } from './database-targets.ts';
import { vaultPlaces } from './environment.ts';
import { loadConfig } from './load-config.ts';
import { createLogger } from './logger.ts';
import { RunnerEnvironment } from './runner.env.ts';
import { softwareOf } from './software.ts';

const environment = RunnerEnvironment.parse(process.env);
const config = loadConfig('runner');
const { log } = createLogger('runner');
const tables = { grants: environment.GRANTS_TABLE, audit: environment.AUDIT_TABLE };
const dynamo = connectDynamo(tables);
const keysOf = administratorKeys({ assume: stsSessions(), clock: systemClock });
const tools = databaseTools({ passwordSecretArn: environment.PASSWORD_SECRET_ARN, keysOf, log });

let policy: Promise<Policy> | undefined;
/** The engine takes some 65 ms to load, which an ending does not wait for. */
const loadPolicy = (): Promise<Policy> => {
  policy ??= import('../core/policy/engine.ts').then(({ createEngine }) => ({
    ...createEngine(config),
    groups: config.groups,
    categories: config.categories,
  }));
  return policy;
};

const deps = {
  store: dynamoStore(dynamo, systemClock),
  targets: {
    ...databaseTargets(tools),
    eks: eksTarget({ signInOwn: ownEksToken({ keysOf, clock: systemClock }), clock: systemClock }),
  },
  statements: statementTarget(tools),
  vaults: connectVaults(dynamo.client, vaultPlaces(environment), {
    clock: systemClock,
    random: systemRandom,
  }),
  loadParser,
  loadPolicy,
  resources: config.resources,
  software: softwareOf('runner', config.digest),
  clock: systemClock,
  random: systemRandom,
  backoff: systemBackoff,
  principals: config.principals,
  alarm: countAlarm,
};

export const handler = taskHandler(RunnerTaskSchema, runTask(deps), log);
