import * as z from 'zod';
import { compile, expressionsIn } from './jsonata-evaluation.ts';

/**
 * The part of Amazon States Language that `lib/grant-definition.ts` uses, and so all that is interpreted here. Objects are
 * strict: what is not listed is refused when the machine is loaded, so that nothing is silently ignored.
 * Of the names that AWS gives to errors there are only `States.ALL` and `States.Timeout`.
 */
const Errors = z.array(z.string().regex(/^(States\.(ALL|Timeout)|(?!States\.).+)$/)).min(1);
/** A number, or an expression that gives one. */
const Seconds = z.union([z.int().positive(), z.string()]);

const Retrier = z.strictObject({
  ErrorEquals: Errors,
  IntervalSeconds: z.int().positive().default(1),
  MaxAttempts: z.int().min(0),
  BackoffRate: z.number().min(1).default(2),
  MaxDelaySeconds: z.int().positive().optional(),
  JitterStrategy: z.enum(['NONE', 'FULL']).default('NONE'),
});

const Task = z.strictObject({
  Type: z.literal('Task'),
  Resource: z.string().regex(/^arn:aws[a-z-]*:states:::lambda:invoke(\.waitForTaskToken)?$/),
  Arguments: z.strictObject({ FunctionName: z.string(), Payload: z.unknown() }),
  TimeoutSeconds: Seconds,
  HeartbeatSeconds: Seconds.optional(),
  Assign: z.record(z.string(), z.unknown()).default({}),
  Output: z.unknown(),
  Retry: z.array(Retrier).default([]),
  Catch: z.array(z.strictObject({ ErrorEquals: Errors, Next: z.string() })).default([]),
  Next: z.string(),
});

const Choice = z.strictObject({
  Type: z.literal('Choice'),
  Choices: z.array(z.strictObject({ Condition: z.string(), Next: z.string() })).min(1),
  Default: z.string(),
});

const Succeed = z.strictObject({ Type: z.literal('Succeed') });
const Fail = z.strictObject({ Type: z.literal('Fail'), Error: z.string(), Cause: z.string() });

const StateMachine = z.strictObject({
  Comment: z.string().optional(),
  QueryLanguage: z.literal('JSONata'),
  StartAt: z.string(),
  States: z.record(z.string(), z.discriminatedUnion('Type', [Task, Choice, Succeed, Fail])),
});

export type TaskState = z.infer<typeof Task>;
export type Retrier = z.infer<typeof Retrier>;
export type StateMachine = z.infer<typeof StateMachine>;

/** Throws on everything that this interpreter would not run as AWS does. */
export const parseStateMachine = (definition: unknown): StateMachine => {
  const machine = StateMachine.parse(definition);
  for (const expression of expressionsIn(machine)) compile(expression);
  return machine;
};
