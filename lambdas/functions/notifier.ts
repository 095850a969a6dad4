import { connectDynamo } from '../adapters/dynamo/dynamo-call.ts';
import { dynamoStore } from '../adapters/dynamo/dynamo-store.ts';
import { dynamoNoticeStore } from '../adapters/dynamo/notice-store.ts';
import { systemClock } from '../adapters/system-clock.ts';
import { notifyApproval } from '../app/notify-approval.ts';
import type { Approval } from '../core/approval/approval.ts';
import { createEngine } from '../core/policy/engine.ts';
import { offersButton } from '../core/slack/offers-button.ts';
import { NoticeTaskSchema } from '../tasks/notice-task.ts';
import { taskHandler } from '../tasks/task-handler.ts';
import { loadConfig } from './load-config.ts';
import { createLogger } from './logger.ts';
import { noticeMedia } from './notice-media.ts';
import { NotifierEnvironment } from './notifier.env.ts';

const environment = NotifierEnvironment.parse(process.env);
const config = loadConfig('notifier');
const { log } = createLogger('notifier');
const policy = createEngine(config);
/** It has no right to the trail and asks nothing of it; only the store's connection wants a name. */
const dynamo = connectDynamo({ grants: environment.GRANTS_TABLE, audit: environment.GRANTS_TABLE });

const deps = {
  store: dynamoStore(dynamo, systemClock),
  noticeStore: dynamoNoticeStore(dynamo),
  notices: noticeMedia(environment),
  resources: config.resources,
  offersApproval: (approval: Approval) =>
    offersButton(policy, approval, { principals: config.principals, at: systemClock() }),
  consoleUrl: environment.CONSOLE_URL,
  log,
};

export const handler = taskHandler(NoticeTaskSchema, (task) => notifyApproval(deps, task), log);
