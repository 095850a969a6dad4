import { stsSessions } from '../adapters/aws/assume-role.ts';
import { awsTarget } from '../adapters/aws/aws-target.ts';
import { endingVersions } from '../adapters/aws/ending-keys.ts';
import { probeSession } from '../adapters/aws/probe-session.ts';
import { connectDynamo } from '../adapters/dynamo/dynamo-call.ts';
import { dynamoStore } from '../adapters/dynamo/dynamo-store.ts';
import { dynamoEndedMarks } from '../adapters/dynamo/ended-marks.ts';
import { systemsManager } from '../adapters/ssh/machine-commands.ts';
import { sshTarget } from '../adapters/ssh/ssh-target.ts';
import { systemBackoff, systemClock, systemSleep } from '../adapters/system-clock.ts';
import { type Invocation, systemContext } from '../app/caller.ts';
import { reportOverflow } from '../app/report-overflow.ts';
import { TargetTaskSchema, targetTask } from '../tasks/target-task.ts';
import { taskHandler } from '../tasks/task-handler.ts';
import { countAlarm } from './count-alarm.ts';
import { loadConfig } from './load-config.ts';
import { createLogger } from './logger.ts';
import { RevokerEnvironment } from './revoker.env.ts';
import { softwareOf } from './software.ts';

const environment = RevokerEnvironment.parse(process.env);
const config = loadConfig('revoker');
const { log } = createLogger('revoker');
const software = softwareOf('revoker', config.digest);
const dynamo = connectDynamo({ grants: environment.GRANTS_TABLE, audit: environment.AUDIT_TABLE });
const store = dynamoStore(dynamo, systemClock);
const assume = stsSessions();

/** Which one is under way: a function does one thing at a time. */
let current: Invocation = { requestId: '', invocationId: '' };

const aws = awsTarget({
  assume,
  versionsOf: endingVersions({ assume, clock: systemClock }),
  marks: dynamoEndedMarks(dynamo),
  probe: (keys, region) => probeSession(keys, { region }),
  overflows: ({ resource, roleArn }, { issuedBefore = 0 }) =>
    reportOverflow(
      { store, clock: systemClock, alarm: countAlarm },
      { resource: resource.id, roleArn, issuedBefore },
      systemContext(current, software),
    ),
  clock: systemClock,
  sleep: systemSleep,
  backoff: systemBackoff,
  log,
});

const ssh = sshTarget({
  runOnMachine: systemsManager({ documentName: environment.END_SESSIONS_DOCUMENT, assume }),
  clock: systemClock,
});

const act = targetTask({
  store,
  targets: { aws, ssh },
  resources: config.resources,
  software,
  clock: systemClock,
  backoff: systemBackoff,
});

export const handler = taskHandler(
  TargetTaskSchema,
  (task, invocation) => {
    current = invocation;
    return act(task, invocation);
  },
  log,
);
