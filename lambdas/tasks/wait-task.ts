import * as z from 'zod';
import { GRANT_ID_PATTERN, RUN_ID_PATTERN } from '../core/grant/ids.ts';
import { TASK_TOKEN_MAX_CHARACTERS } from '../core/limits.ts';

const GrantId = z.string().regex(GRANT_ID_PATTERN);
const RunId = z.string().regex(RUN_ID_PATTERN);
const taskToken = z.string().min(1).max(TASK_TOKEN_MAX_CHARACTERS);

/**
 * What `waiter` is invoked with by the callback states: it stores the token and signals itself if there is nothing to wait
 * for any more. A grant waits for its end, or for people; a run for people.
 */
export const WaitTaskSchema = z.union([
  z.strictObject({ wait: z.literal('end'), grantId: GrantId, taskToken }),
  z.strictObject({ wait: z.literal('people'), grantId: GrantId, taskToken }),
  z.strictObject({ wait: z.literal('people'), runId: RunId, taskToken }),
]);
