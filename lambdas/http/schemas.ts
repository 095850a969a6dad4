import * as z from 'zod';
import { GRANT_ID_PATTERN, PLAN_ID_PATTERN, RUN_ID_PATTERN, TASK_ID_PATTERN } from '../core/grant/ids.ts';
import {
  GRANT_MAX_SECONDS,
  GRANT_MIN_SECONDS,
  IDEMPOTENCY_KEY_MAX_CHARACTERS,
  LEASE_MAX_SECONDS,
  LEASE_MIN_SECONDS,
  NAME_MAX_CHARACTERS,
  REASON_MAX_CHARACTERS,
} from '../core/limits.ts';
import { SSH_PUBLIC_KEY_MAX_CHARACTERS } from '../core/ssh/limits.ts';
import { ApprovalSeconds, ApprovalView, Policies, readable, Time } from './field-schemas.ts';
import { RunView } from './run-schemas.ts';

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

export const RequestAccessBody = z
  .strictObject({
    task: z.string().regex(TASK_ID_PATTERN, 'must be the id of a task, as POST /v1/tasks answered it'),
    resource: readable(NAME_MAX_CHARACTERS).describe('An id of GET /v1/resources'),
    action: readable(NAME_MAX_CHARACTERS).describe(
      '`postgres:connect` for a credential, `postgres:read` for runs',
    ),
    profile: readable(NAME_MAX_CHARACTERS)
      .optional()
      .describe('Which rights, where `GET /v1/resources` lists several profiles'),
    durationSeconds: z.int().min(GRANT_MIN_SECONDS).max(GRANT_MAX_SECONDS),
    reason: readable(REASON_MAX_CHARACTERS).describe('Why it is needed; people and auditors read this'),
    approvalSeconds: ApprovalSeconds,
  })
  .meta({ id: 'RequestAccess' });

export const VendBody = z
  .strictObject({
    publicKey: z
      .string()
      .max(SSH_PUBLIC_KEY_MAX_CHARACTERS)
      .optional()
      .describe(
        'Of `ssh:connect` only: the public half of a key pair that was made for this grant, as one line (`ssh-ed25519 AAAA…`)',
      ),
  })
  .meta({ id: 'Vend' });

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

const PrincipalView = z.object({
  issuer: z.string(),
  subject: z.string(),
  type: z.enum(['agent', 'workload', 'human']),
  name: z.string(),
});

const StepView = z.object({ name: z.string(), outcome: z.string(), atMs: z.number() });

export const GrantView = z
  .object({
    id: z.string(),
    state: z
      .enum([
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
      ])
      .describe(
        '`pending_approval`: people decide at `approval.url`; `lapsed`: none did in time; `cancelled`: withdrawn before it was active',
      ),
    task: z.string(),
    resource: z.string(),
    kind: z.string(),
    action: z.string(),
    profile: z.string().optional(),
    rights: z
      .enum(['connect', 'connect_masked', 'read', 'write', 'ddl'])
      .describe('connect_masked: a login without rights to sensitive columns, so name the columns you read'),
    reason: z.string(),
    requestedSeconds: z.int().describe('The window; once people have given less, what they gave'),
    createdAt: Time,
    determinedBy: Policies,
    denial: z
      .string()
      .optional()
      .describe(
        'Of what is `denied`: the code of the problem; with `denied_by_person`, `approval.note` says why',
      ),
    approval: ApprovalView.optional().describe(
      'What it waits for, or stood on; absent where nobody had to be asked',
    ),
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
            profile: z.string().optional().describe('To be named in the request'),
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
    quorum: z.int().describe('How many people would have to approve'),
    denial: z.string().optional(),
    determinedBy: Policies,
  })
  .meta({ id: 'Preview' });

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
