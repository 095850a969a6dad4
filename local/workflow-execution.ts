import { randomUUID } from 'node:crypto';
import type { Retrier, StateMachine, TaskState } from './asl-definition.ts';
import type { JsonObject } from './aws-json.ts';
import { evaluate, evaluateSeconds, StateError } from './jsonata-evaluation.ts';

/** One execution as it is stored: plain JSON, times in milliseconds. It keeps the definition it was started with. */
export interface ExecutionRecord {
  readonly arn: string;
  readonly machineArn: string;
  readonly roleArn: string;
  readonly definition: StateMachine;
  readonly inputText: string;
  readonly startedAt: number;
  status: 'RUNNING' | 'SUCCEEDED' | 'FAILED';
  output?: unknown;
  error?: string;
  cause?: string;
  readonly variables: JsonObject;
  visit?: Visit | undefined;
  /** Every callback token ever given out: one that no longer counts is told from one that never was. */
  readonly tokens: string[];
  /** Holds all data that AWS would show in the execution's history. */
  readonly history: JsonObject[];
}

interface Visit {
  readonly state: string;
  readonly input: unknown;
  /** Retries used, by retrier. */
  readonly retries: Record<number, number>;
  /** When the pause before a retry is over. */
  resumeAt?: number;
  attempt?: Attempt | undefined;
}

export interface Attempt {
  readonly timeoutAt: number;
  readonly heartbeat?: { readonly seconds: number; at: number };
  readonly token?: string;
  /** A callback's function has answered: it is not called again after a restart. */
  isSubmitted?: boolean;
  /** What the function answered, or the token was sent. */
  result?: { readonly output: unknown };
}

export interface Host {
  /** Durable when it returns. */
  save(record: ExecutionRecord): void;
  /** Runs a function with the machine's role. Rejects with `StateError` under the name that the machine sees. */
  invoke(call: { roleArn: string; functionArn: string; payload: unknown }): Promise<unknown>;
}

/** Runs one execution, and goes on with it after a restart. Every transition is saved before anything follows from it. */
export class WorkflowExecution {
  readonly record: ExecutionRecord;
  readonly #host: Host;
  /** The only one there is: the end of a pause, or the next end of an attempt. */
  #timer: NodeJS.Timeout | undefined;
  #outcome: PromiseWithResolvers<unknown> | undefined;
  #isDetached = false;

  constructor(record: ExecutionRecord, host: Host) {
    this.record = record;
    this.#host = host;
  }

  start(): void {
    this.#enter(this.record.definition.StartAt, JSON.parse(this.record.inputText));
    void this.run();
  }

  /** Goes on where the record stands: what should have rung while nobody listened rings at once. */
  async run(): Promise<void> {
    while (this.record.visit && !this.#isDetached) {
      const { visit } = this.record;
      await this.#perform(visit).catch((error: unknown) => this.#fail(visit, error));
    }
  }

  /** `undefined` when the token's task is over. */
  attemptOf(token: string): Attempt | undefined {
    const attempt = this.record.visit?.attempt;
    return attempt?.token === token && !attempt.result ? attempt : undefined;
  }

  succeed(attempt: Attempt, output: unknown): void {
    attempt.result = { output };
    this.#save('TaskSucceeded', { output });
    this.#outcome?.resolve(output);
  }

  heartbeat(attempt: Attempt): void {
    if (!attempt.heartbeat) return;
    attempt.heartbeat.at = Date.now() + attempt.heartbeat.seconds * 1000;
    this.#save('TaskHeartbeat');
    this.#watch(attempt);
  }

  /** Lets go of the timers; the stored execution stays as it is. */
  detach(): void {
    this.#isDetached = true;
    clearTimeout(this.#timer);
  }

  async #perform(visit: Visit): Promise<void> {
    const state = this.record.definition.States[visit.state];
    switch (state?.Type) {
      case 'Task': {
        const result = await this.#runTask(state, visit);
        const scope = this.#scope({ result });
        const output = await evaluate(state.Output, scope);
        Object.assign(this.record.variables, await evaluate(state.Assign, scope));
        return this.#enter(state.Next, output);
      }
      case 'Choice': {
        for (const { Condition, Next } of state.Choices) {
          const holds = await evaluate(Condition, this.#scope());
          if (typeof holds !== 'boolean')
            throw new StateError('States.QueryEvaluationError', `${Condition} is not true or false`);
          if (holds) return this.#enter(Next, visit.input);
        }
        return this.#enter(state.Default, visit.input);
      }
      case 'Succeed':
        return this.#finish({ status: 'SUCCEEDED', output: visit.input });
      case 'Fail':
        return this.#finish({ status: 'FAILED', error: state.Error, cause: state.Cause });
      default:
        throw new StateError('States.Runtime', `no state is named ${visit.state}`);
    }
  }

  /** Answers with what the function, or whoever holds its token, answers. */
  async #runTask(state: TaskState, visit: Visit): Promise<unknown> {
    const { resumeAt } = visit;
    if (resumeAt !== undefined) await new Promise<void>((resolve) => this.#ringAt(resumeAt, resolve));
    visit.attempt ??= await this.#newAttempt(state);
    const { attempt } = visit;
    if (attempt.result) return attempt.result.output;
    const outcome = Promise.withResolvers<unknown>();
    this.#outcome = outcome;
    this.#watch(attempt);
    if (!attempt.isSubmitted) this.#invoke(state, attempt).catch(outcome.reject);
    return outcome.promise.finally(() => clearTimeout(this.#timer));
  }

  async #newAttempt({ Resource, TimeoutSeconds, HeartbeatSeconds }: TaskState): Promise<Attempt> {
    const timeout = await evaluateSeconds(TimeoutSeconds, this.#scope());
    const seconds = HeartbeatSeconds && (await evaluateSeconds(HeartbeatSeconds, this.#scope()));
    if (seconds && seconds >= timeout)
      throw new StateError('States.Runtime', 'HeartbeatSeconds must be smaller than TimeoutSeconds');
    const now = Date.now();
    const token = Resource.endsWith('.waitForTaskToken') ? randomUUID() : undefined;
    if (token) this.record.tokens.push(token);
    return {
      timeoutAt: now + timeout * 1000,
      ...(seconds ? { heartbeat: { seconds, at: now + seconds * 1000 } } : {}),
      ...(token ? { token } : {}),
    };
  }

  #watch({ timeoutAt, heartbeat }: Attempt): void {
    const isHeartbeat = heartbeat !== undefined && heartbeat.at < timeoutAt;
    const error = isHeartbeat ? 'States.HeartbeatTimeout' : 'States.Timeout';
    const at = isHeartbeat ? heartbeat.at : timeoutAt;
    this.#ringAt(at, () => this.#outcome?.reject(new StateError(error, '')));
  }

  #ringAt(at: number, ring: () => void): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(ring, Math.max(0, at - Date.now()));
  }

  async #invoke({ Arguments }: TaskState, attempt: Attempt): Promise<void> {
    const functionArn = String(await evaluate(Arguments.FunctionName, this.#scope()));
    const payload = await evaluate(Arguments.Payload, this.#scope());
    this.#save('TaskScheduled', { functionArn, payload });
    const Payload = await this.#host.invoke({ roleArn: this.record.roleArn, functionArn, payload });
    if (this.record.visit?.attempt !== attempt || attempt.result) return;
    if (!attempt.token) return this.succeed(attempt, { Payload, StatusCode: 200 });
    attempt.isSubmitted = true;
    this.#save('TaskSubmitted');
  }

  /** Whatever goes wrong inside a state is the state's own error. */
  #fail(visit: Visit, thrown: unknown): void {
    const error = thrown instanceof StateError ? thrown : new StateError('States.Runtime', String(thrown));
    const told = { error: error.name, cause: error.message };
    const state = this.record.definition.States[visit.state];
    const { Retry, Catch } = state?.Type === 'Task' ? state : { Retry: [], Catch: [] };
    visit.attempt = undefined;
    const pause = pauseBeforeRetry(Retry, visit, error.name);
    const catcher = Catch.find(({ ErrorEquals }) => matchesError(ErrorEquals, error.name));
    if (pause !== undefined) {
      visit.resumeAt = Date.now() + pause;
      this.#save('TaskFailed', told);
    } else if (catcher) this.#enter(catcher.Next, { Error: error.name, Cause: error.message });
    else this.#finish({ status: 'FAILED', ...told });
  }

  #scope(states: JsonObject = {}): JsonObject {
    const { variables, visit, arn, inputText } = this.record;
    const context = {
      Execution: { Id: arn, Input: JSON.parse(inputText), Name: arn.split(':').at(-1) },
      ...(visit?.attempt?.token ? { Task: { Token: visit.attempt.token } } : {}),
    };
    return { ...variables, states: { input: visit?.input, context, ...states } };
  }

  #enter(state: string, input: unknown): void {
    this.record.visit = { state, input, retries: {} };
    this.#save('StateEntered', { state, input });
  }

  #finish(end: Pick<ExecutionRecord, 'status' | 'output' | 'error' | 'cause'>): void {
    Object.assign(this.record, end);
    this.record.visit = undefined;
    this.#save('ExecutionEnded', end);
  }

  /** The file of one that was let go belongs to its successor. */
  #save(type: string, details: object = {}): void {
    this.record.history.push({ type, at: Date.now(), ...details });
    if (!this.#isDetached) this.#host.save(this.record);
  }
}

/** `States.Runtime` is not among what AWS catches by `States.ALL`. */
const matchesError = (patterns: readonly string[], name: string): boolean =>
  patterns.includes(name) || (patterns.includes('States.ALL') && name !== 'States.Runtime');

/** Milliseconds until the next try, which is counted on the visit; `undefined` when there is none left. */
const pauseBeforeRetry = (retriers: readonly Retrier[], visit: Visit, error: string): number | undefined => {
  const index = retriers.findIndex(({ ErrorEquals }) => matchesError(ErrorEquals, error));
  const retrier = retriers[index];
  const used = visit.retries[index] ?? 0;
  if (!retrier || used >= retrier.MaxAttempts) return undefined;
  visit.retries[index] = used + 1;
  const grown = retrier.IntervalSeconds * retrier.BackoffRate ** used;
  const seconds = Math.min(grown, retrier.MaxDelaySeconds ?? grown);
  return seconds * 1000 * (retrier.JitterStrategy === 'FULL' ? Math.random() : 1);
};
