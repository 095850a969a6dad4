import { APPROVAL_WAIT_SECONDS } from '../lambdas/core/limits.ts';
import { TASK_ERRORS } from '../lambdas/tasks/grant-task.ts';
import { FUNCTION_SHAPES } from './function-shapes.ts';

/** A state machine in Amazon States Language, as far as ours use it. */
export interface Definition {
  readonly Comment: string;
  readonly QueryLanguage: 'JSONata';
  readonly StartAt: string;
  readonly States: Readonly<Record<string, State>>;
}

export type State = TaskState | ChoiceState | { readonly Type: 'Succeed' } | FailState;

export interface TaskState {
  readonly Type: 'Task';
  readonly Resource: string;
  readonly Arguments: { readonly FunctionName: string; readonly Payload: Readonly<Record<string, string>> };
  readonly TimeoutSeconds: number | string;
  readonly HeartbeatSeconds?: string;
  readonly Assign?: Readonly<Record<string, string>>;
  readonly Output: Readonly<Record<string, never>>;
  readonly Retry: readonly Retrier[];
  readonly Catch: readonly { readonly ErrorEquals: readonly string[]; readonly Next: string }[];
  readonly Next: string;
}

interface ChoiceState {
  readonly Type: 'Choice';
  readonly Choices: readonly { readonly Condition: string; readonly Next: string }[];
  readonly Default: string;
}

interface FailState {
  readonly Type: 'Fail';
  readonly Error: string;
  readonly Cause: string;
}

interface Retrier {
  readonly ErrorEquals: readonly string[];
  readonly IntervalSeconds?: number;
  readonly BackoffRate?: number;
  readonly MaxDelaySeconds?: number;
  readonly MaxAttempts: number;
  readonly JitterStrategy?: 'FULL';
}

export const IS_ASKED = 'Are people asked?';
export const ASK = 'Tell the approvers';
export const WAIT_FOR_PEOPLE = 'Wait for people';
export const TAKE = 'Take what they decided';
const HAVE_APPROVED = 'Have they approved?';
const NOT_GIVEN = 'Nothing is given';
export const ACTIVATE = 'Activate the grant';
export const END_ACCESS = 'End access';
const IS_ACTIVE = 'Is the grant active?';
const HAS_LEASE = 'Does its task hold a lease?';
const WAIT = 'Wait for the end';
const WAIT_WITH_LEASE = 'Wait for the end while the lease is renewed';
const ENDED = 'Access has ended';
export const LEFT = 'Left to the sweeper';

/** The workflow is asked for nothing but this; everything else a function reads from the tables itself. */
const GRANT_ID = '{% $states.context.Execution.Input.grantId %}';
/** An answer that has come back in time has also had time to travel. */
export const SLACK_SECONDS = 10;

/** Lambda's own troubles, not the function's. */
const LAMBDA_TROUBLE = [
  'Lambda.ServiceException',
  'Lambda.AWSLambdaException',
  'Lambda.SdkClientException',
  'Lambda.ClientExecutionTimeoutException',
  'Lambda.TooManyRequestsException',
];

/** About a quarter of a minute in all: a grant that is not active after a minute has failed anyway. */
export const RETRY_SOON: Retrier = {
  ErrorEquals: [TASK_ERRORS.transient, ...LAMBDA_TROUBLE],
  IntervalSeconds: 1,
  BackoffRate: 2,
  MaxAttempts: 4,
  JitterStrategy: 'FULL',
};

/** About ten minutes in all, then the sweeper goes on for ever. A refusal is final at once. */
const RETRY_LONG: readonly Retrier[] = [
  { ErrorEquals: [TASK_ERRORS.refused], MaxAttempts: 0 },
  {
    ErrorEquals: ['States.ALL'],
    IntervalSeconds: 2,
    BackoffRate: 2,
    MaxDelaySeconds: 60,
    MaxAttempts: 14,
    JitterStrategy: 'FULL',
  },
];

/**
 * A wait that cannot be stored is no wait: without pauses the circle of asking would spin. About a minute in all, and at
 * most two, so that a decision is taken while it may be used. A time-out is no failure.
 */
const RETRY_WAIT: readonly Retrier[] = [
  { ErrorEquals: ['States.Timeout'], MaxAttempts: 0 },
  {
    ErrorEquals: ['States.ALL'],
    IntervalSeconds: 2,
    BackoffRate: 2,
    MaxDelaySeconds: 60,
    MaxAttempts: 6,
    JitterStrategy: 'FULL',
  },
];

/**
 * How long one wait for people is. An input that does not say so gives no time-out, which is an error on each round, and
 * then nothing would wait; so what is no positive number is as if people had all the time there is.
 */
const APPROVAL_TIMEOUT = [
  '{% ($asked := $states.context.Execution.Input.approvalSeconds;',
  '$seconds := $type($asked) = "number" ? $ceil($asked) : 0;',
  `$seconds >= 1 ? $min([$seconds, ${APPROVAL_WAIT_SECONDS}]) : ${APPROVAL_WAIT_SECONDS}) %}`,
].join(' ');

/** Failure, timeout, missed heartbeat and an expression that cannot be evaluated. */
export const onAnything = (next: string) => [{ ErrorEquals: ['States.ALL'], Next: next }];

/** The function that reaches the grant's target. What was not started by us says nothing, and that function refuses what is not its own. */
const reacher = ({ runner, revoker }: InvokedArns): string =>
  `{% $states.context.Execution.Input.by = "revoker" ? "${revoker}" : "${runner}" %}`;

const run = (functionName: string, step: 'activate' | 'end') => ({
  Type: 'Task' as const,
  Resource: 'arn:aws:states:::lambda:invoke',
  Arguments: { FunctionName: functionName, Payload: { step, grantId: GRANT_ID } },
  TimeoutSeconds: FUNCTION_SHAPES.runner.timeoutSeconds + SLACK_SECONDS,
  Output: {},
});

/** The functions that a machine invokes, by their ARNs. */
export interface InvokedArns {
  readonly runner: string;
  readonly revoker: string;
  readonly waiter: string;
  readonly notifier: string;
}

/** What waits for people: a grant or a run, by the id that the execution was started with. */
export type Waiting = { readonly grantId: string } | { readonly runId: string };

/**
 * Asking people, up to the step that takes what they decided. Whatever fails on the way leads on to that step, which
 * reads the decision and takes nobody's word for it; `next` is where it goes when they have approved.
 */
export const askingStates = (
  { runner, waiter, notifier }: Omit<InvokedArns, 'revoker'>,
  waiting: Waiting,
  next: string,
): Readonly<Record<string, State>> => ({
  [ASK]: {
    Type: 'Task',
    Resource: 'arn:aws:states:::lambda:invoke',
    Arguments: { FunctionName: notifier, Payload: waiting },
    TimeoutSeconds: FUNCTION_SHAPES.notifier.timeoutSeconds + SLACK_SECONDS,
    Output: {},
    Retry: [RETRY_SOON],
    Catch: onAnything(WAIT_FOR_PEOPLE),
    Next: WAIT_FOR_PEOPLE,
  },
  [WAIT_FOR_PEOPLE]: {
    Type: 'Task',
    Resource: 'arn:aws:states:::lambda:invoke.waitForTaskToken',
    Arguments: {
      FunctionName: waiter,
      Payload: { wait: 'people', ...waiting, taskToken: '{% $states.context.Task.Token %}' },
    },
    TimeoutSeconds: APPROVAL_TIMEOUT,
    Output: {},
    Retry: RETRY_WAIT,
    Catch: onAnything(TAKE),
    Next: TAKE,
  },
  [TAKE]: {
    Type: 'Task',
    Resource: 'arn:aws:states:::lambda:invoke',
    Arguments: { FunctionName: runner, Payload: { step: 'admit', ...waiting } },
    TimeoutSeconds: FUNCTION_SHAPES.runner.timeoutSeconds + SLACK_SECONDS,
    Assign: {
      approved: '{% $states.result.Payload.admission = "go" %}',
      asksAgain: '{% $states.result.Payload.admission = "wait" %}',
    },
    Output: {},
    Retry: RETRY_LONG,
    Catch: onAnything(LEFT),
    Next: HAVE_APPROVED,
  },
  [HAVE_APPROVED]: {
    Type: 'Choice',
    Choices: [
      { Condition: '{% $approved %}', Next: next },
      { Condition: '{% $asksAgain %}', Next: ASK },
    ],
    Default: NOT_GIVEN,
  },
  [NOT_GIVEN]: { Type: 'Succeed' },
});

/** What was not started by us says nothing, and then nobody is asked: *Activate* and *Execute* refuse what waits for people. */
export const isAsked = (next: { readonly yes: string; readonly no: string }): State => ({
  Type: 'Choice',
  Choices: [{ Condition: '{% $states.context.Execution.Input.isAsked = true %}', Next: next.yes }],
  Default: next.no,
});

const wait = (waiterArn: string): TaskState => ({
  Type: 'Task',
  Resource: 'arn:aws:states:::lambda:invoke.waitForTaskToken',
  Arguments: {
    FunctionName: waiterArn,
    Payload: { wait: 'end', grantId: GRANT_ID, taskToken: '{% $states.context.Task.Token %}' },
  },
  TimeoutSeconds: '{% $waitSeconds %}',
  Output: {},
  Retry: [RETRY_SOON],
  Catch: onAnything(END_ACCESS),
  Next: END_ACCESS,
});

/**
 * The life of one grant. From the moment *Activate the grant* is entered, whatever happens leads to *End access*:
 * choices compare booleans that were made inside a task, because a choice has no way to catch an error.
 * Input and history hold ids; no state passes anything on but variables.
 */
export const grantDefinition = (invoked: InvokedArns): Definition => ({
  Comment: 'Asks people where policy says so, makes a grant active, waits for its end, and ends it.',
  QueryLanguage: 'JSONata',
  StartAt: IS_ASKED,
  States: {
    [IS_ASKED]: isAsked({ yes: ASK, no: ACTIVATE }),
    ...askingStates(invoked, { grantId: GRANT_ID }, ACTIVATE),
    [ACTIVATE]: {
      ...run(reacher(invoked), 'activate'),
      Assign: {
        active: '{% $states.result.Payload.active = true %}',
        waitSeconds: '{% $states.result.Payload.waitSeconds %}',
        leaseSeconds: '{% $states.result.Payload.leaseSeconds %}',
        // A heartbeat must be shorter than the time-out; a lease that outlives the grant ends nothing early.
        leased:
          '{% $states.result.Payload.leaseSeconds > 0 and $states.result.Payload.leaseSeconds < $states.result.Payload.waitSeconds %}',
      },
      Retry: [RETRY_SOON],
      Catch: onAnything(END_ACCESS),
      Next: IS_ACTIVE,
    },
    [IS_ACTIVE]: {
      Type: 'Choice',
      Choices: [{ Condition: '{% $active %}', Next: HAS_LEASE }],
      Default: END_ACCESS,
    },
    [HAS_LEASE]: {
      Type: 'Choice',
      Choices: [{ Condition: '{% $leased %}', Next: WAIT_WITH_LEASE }],
      Default: WAIT,
    },
    [WAIT]: wait(invoked.waiter),
    [WAIT_WITH_LEASE]: { ...wait(invoked.waiter), HeartbeatSeconds: '{% $leaseSeconds %}' },
    [END_ACCESS]: {
      ...run(reacher(invoked), 'end'),
      Retry: RETRY_LONG,
      Catch: onAnything(LEFT),
      Next: ENDED,
    },
    [ENDED]: { Type: 'Succeed' },
    [LEFT]: {
      Type: 'Fail',
      Error: 'LeftToTheSweeper',
      Cause: 'The end could not be proved here. The sweeper goes on until it is.',
    },
  },
});
