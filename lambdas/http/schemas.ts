import * as z from 'zod';
import { GRANT_ID_PATTERN, PLAN_ID_PATTERN, RUN_ID_PATTERN, TASK_ID_PATTERN } from '../core/grant/ids.ts';
import {
  APPROVAL_WAIT_MIN_SECONDS,
  APPROVAL_WAIT_SECONDS,
  GRANT_MAX_SECONDS,
  GRANT_MIN_SECONDS,
  IDEMPOTENCY_KEY_MAX_CHARACTERS,
  LEASE_MAX_SECONDS,
  LEASE_MIN_SECONDS,
  NAME_MAX_CHARACTERS,
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

/** Characters that show as something else, or as nothing, have no place in what people will read and decide on. */
const CONTROL = /[\p{Cc}\p{Cs}\p{Co}\p{Zl}\p{Zp}\ufff9-\ufffb\ufffd]/u;
/** Tags, fillers, selectors and marks of direction can carry a second text, which only a model reads; a blank of Braille is one too. */
const INVISIBLE = /(?!\ufe0f)\p{Default_Ignorable_Code_Point}|\u2800/u;
/** What asks for an emoji's coloured form is at home behind one, and nowhere else. */
const STRAY_SELECTOR = /(?<!\p{Extended_Pictographic})\ufe0f/u;
const UNREADABLE = [CONTROL, INVISIBLE, STRAY_SELECTOR];

const readable = (max: number) =>
  z
    .string()
    .min(1)
    .max(max)
    .refine(
      (text) => !UNREADABLE.some((kind) => kind.test(text)),
      'must not contain control or invisible characters',
    )
    .refine((text) => text.trim() === text, 'must not begin or end with a space');

/** Bodies of requests. Unknown keys are errors, because a misspelt option must not be silently ignored. */
export const OpenTaskBody = z
  .strictObject({
    name: readable(NAME_MAX_CHARACTERS).describe('What the work is, for people who read the trail'),
    leaseSeconds: z
      .int()
      .min(LEASE_MIN_SECONDS)
      .max(LEASE_MAX_SECONDS)
      .optional()
      .describe('Dead-man switch: without a heartbeat for this long, everything the task holds is ended'),
  })
  .meta({ id: 'OpenTask' });

const ApprovalSeconds = z
  .int()
  .min(APPROVAL_WAIT_MIN_SECONDS)
  .max(APPROVAL_WAIT_SECONDS)
  .optional()
  .describe('How long people have to decide, should they have to');

export const RequestAccessBody = z
  .strictObject({
    task: z.string().regex(TASK_ID_PATTERN, 'must be the id of a task, as POST /v1/tasks answered it'),
    resource: readable(NAME_MAX_CHARACTERS).describe('An id of GET /v1/resources'),
    action: readable(NAME_MAX_CHARACTERS).describe(
      '`postgres:connect` for a credential, `postgres:read` for runs',
    ),
    durationSeconds: z.int().min(GRANT_MIN_SECONDS).max(GRANT_MAX_SECONDS),
    reason: readable(REASON_MAX_CHARACTERS).describe('Why it is needed; people and auditors read this'),
    approvalSeconds: ApprovalSeconds,
  })
  .meta({ id: 'RequestAccess' });

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
    approvalSeconds: ApprovalSeconds,
    plan: z
      .string()
      .regex(PLAN_ID_PATTERN, 'must be the id of a plan, as POST /v1/plans answered it')
      .optional()
      .describe('The approved plan that it is part of: the same bytes, parameters and `maxRows`'),
  })
  .meta({ id: 'RequestRun' });

export const RequestPlanBody = z
  .strictObject({
    grant: z.string().regex(GRANT_ID_PATTERN, 'must be the id of a grant of runs'),
    reason: readable(REASON_MAX_CHARACTERS).describe('What the statements are for, all of them together'),
    statements: z
      .array(
        z.strictObject({
          ...RequestRunBody.pick({ sql: true, params: true, maxRows: true }).shape,
          times: z.int().min(1).max(PLAN_TIMES_MAX_COUNT).default(1).describe('How often it may run'),
        }),
      )
      .min(1)
      .max(PLAN_STATEMENTS_MAX_COUNT),
    durationSeconds: z
      .int()
      .min(GRANT_MIN_SECONDS)
      .max(PLAN_MAX_SECONDS)
      .default(PLAN_MAX_SECONDS)
      .describe('From now on; after it nothing of the plan runs'),
    approvalSeconds: ApprovalSeconds,
  })
  .meta({ id: 'RequestPlan' });

export const EmptyBody = z.strictObject({}).meta({ id: 'Empty' });

export const TaskPath = z.object({ id: z.string().regex(TASK_ID_PATTERN) });
export const GrantPath = z.object({ id: z.string().regex(GRANT_ID_PATTERN) });
export const RunPath = z.object({ id: z.string().regex(RUN_ID_PATTERN) });
export const PlanPath = z.object({ id: z.string().regex(PLAN_ID_PATTERN) });
export const ProblemPath = z.object({ code: z.string().max(64) });

/** A cursor is opaque to the caller; ours names the last item of the page. */
export const ListQuery = z.strictObject({
  cursor: z
    .string()
    .regex(/^\d{13}\.[tg]_[0-9a-z_]{20,40}$/, 'must be the `next` of an earlier page')
    .optional(),
});

const Time = z.iso.datetime().describe('UTC, with milliseconds');
const Policies = z.array(z.object({ id: z.string(), reason: z.string().optional() }));

const PrincipalView = z.object({
  issuer: z.string(),
  subject: z.string(),
  type: z.enum(['agent', 'workload', 'human']),
  name: z.string(),
});

export const ApprovalView = z
  .object({
    id: z.string(),
    state: z.enum(['pending', 'approved', 'consumed', 'denied', 'lapsed', 'cancelled', 'superseded']),
    quorum: z.int().describe('How many people must approve'),
    approvals: z.int().optional().describe('How many have'),
    approveBy: Time,
    url: z.string().describe('Where people decide; it authorises nothing by itself'),
    digest: z.string().optional().describe('SHA-256 of everything that is asked for; the page shows it too'),
    decidedBy: z.array(z.string()).optional(),
    note: z.string().optional().describe('What they said'),
    granted: z
      .object({ action: z.string(), durationSeconds: z.int() })
      .optional()
      .describe('May be less than was asked for'),
    useBy: Time.optional(),
  })
  .meta({ id: 'Approval' });

const StepView = z.object({ name: z.string(), outcome: z.string(), atMs: z.number() });

export const GrantView = z
  .object({
    id: z.string(),
    state: z.enum([
      'denied',
      'pending_approval',
      'preparing',
      'activating',
      'active',
      'released',
      'expired',
      'revoked',
      'cancelled',
      'lapsed',
      'failed',
    ]),
    task: z.string(),
    resource: z.string(),
    kind: z.string(),
    action: z.string(),
    rights: z
      .enum(['connect', 'connect_masked', 'read', 'write', 'ddl'])
      .describe('connect_masked: a login without rights to sensitive columns, so name the columns you read'),
    reason: z.string(),
    requestedSeconds: z.int(),
    createdAt: Time,
    determinedBy: Policies,
    denial: z.string().optional(),
    approval: ApprovalView.optional(),
    activatedAt: Time.optional(),
    expiresAt: Time.optional(),
    endedAt: Time.optional(),
    cause: z.string().optional(),
    ending: z
      .object({
        status: z.enum(['none', 'pending', 'dead', 'quarantined']),
        attempts: z.int().optional(),
        deadAfterMs: z.number().optional().describe('From the moment access should have ended to the proof'),
        steps: z.array(StepView).optional(),
      })
      .optional(),
  })
  .meta({ id: 'Grant' });

export const TaskView = z
  .object({
    id: z.string(),
    state: z.enum(['open', 'ended']),
    name: z.string(),
    createdAt: Time,
    leaseSeconds: z.int().optional(),
    openUntil: Time.optional(),
    endedAt: Time.optional(),
    cause: z.string().optional(),
    grants: z.array(GrantView).optional(),
  })
  .meta({ id: 'Task' });

export const CredentialView = z
  .object({
    id: z.string(),
    grantId: z.string(),
    kind: z.literal('postgres'),
    expiresAt: Time,
    postgres: z.object({
      host: z.string(),
      port: z.int(),
      database: z.string(),
      user: z.string(),
      password: z.string().describe('A secret: for code, never for a prompt'),
      sslmode: z.literal('verify-full'),
      sslrootcert: z.string().describe('PEM'),
    }),
  })
  .meta({ id: 'Credential' });

export const MeView = z
  .object({
    principal: PrincipalView,
    listed: z.boolean(),
    groups: z.array(z.string()).nullable().describe('null: unknown, which is not the same as none'),
    owners: z.array(z.object({ issuer: z.string(), subject: z.string(), name: z.string() })),
    tokenExpiresAt: Time,
  })
  .meta({ id: 'Me' });

export const ResourcesView = z
  .object({
    resources: z.array(
      z.object({
        id: z.string(),
        kind: z.string(),
        description: z.string(),
        env: z.string(),
        actions: z.array(
          z.object({
            action: z.string(),
            mode: z.enum(['credential', 'run']),
            quorum: z.int().describe('How many people must approve; 0: nobody'),
            maxDurationSeconds: z.int(),
            determinedBy: Policies,
          }),
        ),
      }),
    ),
  })
  .meta({ id: 'Resources' });

export const PreviewView = z
  .object({
    dryRun: z.literal(true),
    effect: z.enum(['allow', 'needs_approval', 'deny']),
    quorum: z.int(),
    denial: z.string().optional(),
    determinedBy: Policies,
  })
  .meta({ id: 'Preview' });

export const RunView = z
  .object({
    id: z.string(),
    state: z.enum([
      'denied',
      'pending_approval',
      'queued',
      'running',
      'succeeded',
      'failed',
      'lapsed',
      'cancelled',
    ]),
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
    approval: ApprovalView.optional(),
    error: z
      .object({
        code: z.string(),
        detail: z.string().optional().describe('A SQLSTATE, or the part that was refused'),
        message: z.string().optional().describe('The words of the database, masked'),
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
    id: z.string(),
    state: z.enum(['pending', 'approved', 'denied', 'lapsed', 'cancelled']),
    grant: z.string(),
    task: z.string(),
    resource: z.string(),
    action: z.string(),
    reason: z.string(),
    until: Time.describe('After it nothing of the plan runs'),
    statements: z.array(
      z.object({
        class: z.enum(['read', 'write', 'ddl']),
        verb: z.string(),
        bounded: z.boolean(),
        tables: z.array(z.string()),
        times: z.int().describe('How often it may run'),
        used: z.int().describe('How often it has'),
      }),
    ),
    approval: ApprovalView,
  })
  .meta({ id: 'Plan' });

export const GrantListView = z
  .object({ grants: z.array(GrantView), next: z.string().optional() })
  .meta({ id: 'GrantList' });
export const TaskListView = z
  .object({ tasks: z.array(TaskView), next: z.string().optional() })
  .meta({ id: 'TaskList' });

export const ProblemView = z
  .object({
    type: z.string(),
    title: z.string(),
    status: z.int(),
    code: z.string(),
    detail: z.string().describe('One sentence on what to do next'),
    instance: z.string(),
    retryable: z.boolean(),
    retryAfterSeconds: z.int().optional(),
    next: z.object({ action: z.string(), href: z.string() }).optional(),
    determinedBy: Policies.optional(),
    errors: z.array(z.object({ pointer: z.string(), detail: z.string() })).optional(),
    grant: GrantView.optional(),
    run: RunView.optional(),
  })
  .meta({ id: 'Problem' });

/** `wait` may stand beside these everywhere it is honoured; the pipeline takes it before the form is checked. */
export const RequestAccessQuery = z.strictObject({
  dryRun: z.enum(['true', 'false']).optional().describe('`true`: only say what would be decided'),
});

/** Digits only: whatever else JavaScript would take for a number is a slip of the caller. */
export const WaitSeconds = z
  .string()
  .regex(/^\d{1,6}$/, 'must be a number of seconds')
  .transform(Number);

export const IdempotencyKey = z
  .string()
  .regex(/^[\x21-\x7e]+$/, 'must be printable ASCII without spaces')
  .max(IDEMPOTENCY_KEY_MAX_CHARACTERS);

export const ProblemKindView = z
  .object({
    code: z.string(),
    title: z.string(),
    status: z.int(),
    retryable: z.boolean(),
    meaning: z.string(),
    remedy: z.string(),
  })
  .meta({ id: 'ProblemKind' });

export const ProblemListView = z.object({ problems: z.array(ProblemKindView) }).meta({ id: 'ProblemList' });

export const OpenApiView = z.looseObject({ openapi: z.literal('3.1.0') }).meta({ id: 'OpenApi' });
