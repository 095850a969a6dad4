import * as z from 'zod';
import { GRANT_ID_PATTERN, RUN_ID_PATTERN } from '../core/grant/ids.ts';
import { taskHandler } from '../tasks/task-handler.ts';
import { loadConfig } from './load-config.ts';
import { createLogger } from './logger.ts';
import { NotifierEnvironment } from './notifier.env.ts';

NotifierEnvironment.parse(process.env);
const { digest } = loadConfig('notifier');
const { log } = createLogger('notifier');

/** What people are to be told about; everything else is read from the tables. */
const NoticeSchema = z.union([
  z.strictObject({ approvalId: z.string().startsWith('a_') }),
  z.strictObject({ grantId: z.string().regex(GRANT_ID_PATTERN) }),
  z.strictObject({ runId: z.string().regex(RUN_ID_PATTERN) }),
]);

/** Tells nobody: people find what waits for them in the console. */
export const handler = taskHandler(NoticeSchema, async () => log('info', 'nobody was told', { digest }), log);
