import * as z from 'zod';
import { GRANT_ID_PATTERN, PLAN_ID_PATTERN } from '../core/grant/ids.ts';
import {
  GRANT_MIN_SECONDS,
  PLAN_MAX_SECONDS,
  PLAN_STATEMENTS_MAX_COUNT,
  PLAN_TIMES_MAX_COUNT,
  REASON_MAX_CHARACTERS,
  RUN_PARAM_MAX_CHARACTERS,
  RUN_PARAMS_MAX_COUNT,
  RUN_ROWS_DEFAULT_COUNT,
  RUN_ROWS_MAX_COUNT,
  STATEMENT_MAX_BYTES,
} from '../core/limits.ts';
import { ApprovalSeconds, ApprovalView, Policies, readable, Time } from './field-schemas.ts';

/** Half a character becomes another one on its way to the target, so what is executed would not be what was asked for. */
const isWellFormed = (text: string): boolean => text.isWellFormed();

/** JSON's numbers are rounded where they are read: a long id would silently become that of another row. */
const isExact = (value: number): boolean => !Number.isInteger(value) || Number.isSafeInteger(value);

const Param = z.union([
  z
    .string()
    .max(RUN_PARAM_MAX_CHARACTERS)
    .refine((text) => isWellFormed(text) && !text.includes('\0'), 'must not hold NUL or half a character'),
  z.number().refine(isExact, 'must be sent as text: a number of this size is not exact in JSON'),
  z.boolean(),
  z.null(),
]);

export const RequestRunBody = z
  .strictObject({
    sql: z
      .string()
      .min(1)
      .max(STATEMENT_MAX_BYTES)
      .refine(isWellFormed, 'must not hold half a character')
      .describe('Exactly one statement of PostgreSQL; it is executed byte for byte'),
    params: z
      .array(Param)
      .max(RUN_PARAMS_MAX_COUNT)
      .default([])
      .describe('Values of `$1`, `$2` …: use these for everything that did not come from you'),
    maxRows: z
      .int()
      .min(1)
      .max(RUN_ROWS_MAX_COUNT)
      .default(RUN_ROWS_DEFAULT_COUNT)
      .describe('Rows beyond it are left unread, and `truncated` says so'),
    reason: readable(REASON_MAX_CHARACTERS)
      .optional()
      .describe('Why this statement; people who are asked read it, and without it that of the grant'),
    approvalSeconds: ApprovalSeconds,
    plan: z
      .string()
      .regex(PLAN_ID_PATTERN, 'must be the id of a plan, as POST /v1/plans answered it')
      .optional()
      .describe(
        'The approved plan that it is part of: it must have the same bytes, parameters and `maxRows`, and nobody is asked again',
      ),
  })
  .meta({ id: 'RequestRun' });

export const RequestPlanBody = z
  .strictObject({
    grant: z
      .string()
      .regex(GRANT_ID_PATTERN, 'must be the id of a grant of runs')
      .describe(
        'An active grant of runs: what `POST /v1/grants` gave for `postgres:read` or `postgres:write`',
      ),
    reason: readable(REASON_MAX_CHARACTERS).describe(
      'What the statements are for, all of them together; people and auditors read this',
    ),
    statements: z
      .array(
        z.strictObject({
          ...RequestRunBody.pick({ sql: true, params: true, maxRows: true }).shape,
          times: z.int().min(1).max(PLAN_TIMES_MAX_COUNT).default(1).describe('How often it may run'),
        }),
      )
      .min(1)
      .max(PLAN_STATEMENTS_MAX_COUNT)
      .describe('People approve all of them or none'),
    durationSeconds: z
      .int()
      .min(GRANT_MIN_SECONDS)
      .max(PLAN_MAX_SECONDS)
      .default(PLAN_MAX_SECONDS)
      .describe('From now on; after it nothing of the plan runs'),
    approvalSeconds: ApprovalSeconds,
  })
  .meta({ id: 'RequestPlan' });

export const RunView = z
  .object({
    id: z.string(),
    state: z
      .enum(['denied', 'pending_approval', 'queued', 'running', 'succeeded', 'failed', 'lapsed', 'cancelled'])
      .describe(
        '`pending_approval`: people decide at `approval.url`; `lapsed`: none did in time; `cancelled`: withdrawn before it began',
      ),
    grant: z.string(),
    task: z.string(),
    resource: z.string(),
    action: z.string(),
    class: z.enum(['read', 'write', 'ddl']),
    verb: z.string().describe('What kind of statement it is'),
    bounded: z.boolean().describe('false: a write that names no rows'),
    createdAt: Time,
    startedAt: Time.optional(),
    endedAt: Time.optional(),
    determinedBy: Policies,
    denial: z
      .enum(['policy_denied', 'denied_by_person'])
      .optional()
      .describe(
        'Of what is `denied`: by policy, which `determinedBy` names, or by a person, whose `approval.note` says why',
      ),
    approval: ApprovalView.optional().describe(
      'What it waits for, or stood on; of a run under a plan, the plan’s',
    ),
    error: z
      .object({
        code: z.string(),
        detail: z.string().optional().describe('A SQLSTATE, or the part that was refused'),
        message: z
          .string()
          .optional()
          .describe('The words of the database, masked; where it had none, what happened and what to do'),
      })
      .optional(),
    rowCount: z.int().optional().describe('Rows returned, or changed by a write'),
    truncated: z.boolean().optional().describe('There was more than is shown'),
    masked: z
      .record(z.string(), z.int())
      .optional()
      .describe('How many values were masked, by category; `undecided`: nobody could tell what they hold'),
    answer: z
      .enum(['shown', 'none', 'withheld'])
      .optional()
      .describe('withheld: the grant it was given under can no longer be used'),
    columns: z.array(z.object({ name: z.string(), type: z.string() })).optional(),
    rows: z.array(z.array(z.union([z.string(), z.number(), z.boolean(), z.null()]))).optional(),
    notices: z.array(z.string()).optional(),
  })
  .meta({ id: 'Run' });

export const PlanView = z
  .object({
    id: z.string().describe('What `plan` of a run names'),
    state: z
      .enum(['pending', 'approved', 'denied', 'lapsed', 'cancelled'])
      .describe('Only what is `approved` runs; `lapsed`: nobody decided in time, or its time is up'),
    grant: z.string().describe('Its statements run under this grant, and no other'),
    task: z.string().describe('The plan ends with it'),
    resource: z.string().describe('An id of GET /v1/resources'),
    action: z.string().describe('That of the grant'),
    reason: z.string().describe('As it was sent'),
    until: Time.describe('After it nothing of the plan runs'),
    statements: z
      .array(
        z.object({
          class: z.enum(['read', 'write', 'ddl']).describe('What it may change'),
          verb: z.string().describe('What kind of statement it is'),
          bounded: z.boolean().describe('false: a write that names no rows'),
          tables: z.array(z.string()).describe('`schema.name`'),
          times: z.int().describe('How often it may run'),
          used: z.int().optional().describe('How often it has; absent once the plan is over'),
        }),
      )
      .describe('In the order of the request; their text is not repeated'),
    approval: ApprovalView.describe('Who decided, what they said, and where people decide'),
  })
  .meta({ id: 'Plan' });
