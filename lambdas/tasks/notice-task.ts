import * as z from 'zod';
import { APPROVAL_ID_PATTERN, GRANT_ID_PATTERN, RUN_ID_PATTERN } from '../core/grant/ids.ts';

/** What people are to be told about, by its id; everything else is read from the tables. */
export const NoticeTaskSchema = z.union([
  z.strictObject({ approvalId: z.string().regex(APPROVAL_ID_PATTERN) }),
  z.strictObject({ grantId: z.string().regex(GRANT_ID_PATTERN) }),
  z.strictObject({ runId: z.string().regex(RUN_ID_PATTERN) }),
]);
