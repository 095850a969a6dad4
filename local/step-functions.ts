import { randomUUID } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseStateMachine, type StateMachine } from './asl-definition.ts';
import { AwsError } from './aws-error.ts';
import type { JsonObject } from './aws-json.ts';
import { type Attempt, type ExecutionRecord, type Host, WorkflowExecution } from './workflow-execution.ts';

export interface MachineSource {
  readonly arn: string;
  readonly roleArn: string;
  /** Amazon States Language, parsed from JSON; refused when it holds something that is not interpreted here. */
  readonly definition: unknown;
}

export interface StepFunctionsOptions {
  readonly machines: readonly MachineSource[];
  readonly invoke: Host['invoke'];
  /** Directory with one file for each execution. Without one, nothing survives the process. */
  readonly directory?: string;
}

export const createStepFunctions = (options: StepFunctionsOptions): StepFunctions =>
  new StepFunctions(options);

export class StepFunctions {
  readonly #machines = new Map<string, MachineSource & { definition: StateMachine }>();
  readonly #executions = new Map<string, WorkflowExecution>();
  readonly #host: Host;

  constructor({ machines, invoke, directory }: StepFunctionsOptions) {
    for (const machine of machines)
      this.#machines.set(machine.arn, { ...machine, definition: parseStateMachine(machine.definition) });
    this.#host = { invoke, save: (record) => directory && saveIn(directory, record) };
    for (const record of directory ? recordsIn(directory) : [])
      this.#executions.set(record.arn, new WorkflowExecution(record, this.#host));
  }

  async call(operation: string, input: JsonObject): Promise<JsonObject> {
    const token = String(input.taskToken);
    switch (operation) {
      case 'StartExecution':
        return this.#start(input);
      case 'SendTaskSuccess': {
        const output = parseOr(input.output, 'InvalidOutput');
        return this.#send(token, (execution, attempt) => execution.succeed(attempt, output));
      }
      case 'SendTaskHeartbeat':
        return this.#send(token, (execution, attempt) => execution.heartbeat(attempt));
      default:
        throw new AwsError('UnknownOperationException', `${operation} is not implemented here`);
    }
  }

  /** The ARN that IAM is asked about for a call; of a token, its state machine. */
  resourceOf(operation: string, { taskToken, stateMachineArn }: JsonObject): string | undefined {
    if (operation.startsWith('SendTask')) return this.#holderOf(String(taskToken))?.record.machineArn;
    return typeof stateMachineArn === 'string' ? stateMachineArn : undefined;
  }

  /** As stored, for tests that look closer than the API lets them. */
  executions(): readonly ExecutionRecord[] {
    return [...this.#executions.values()].map(({ record }) => record);
  }

  /** Goes on with what was running. Call it once everything that can be invoked is up. */
  resume(): void {
    for (const execution of this.#executions.values()) void execution.run();
  }

  stop(): void {
    for (const execution of this.#executions.values()) execution.detach();
  }

  /** The same name with the same input is the running execution; with anything else the name is taken. */
  #start({ stateMachineArn, name = randomUUID(), input = '{}' }: JsonObject): JsonObject {
    const machine = this.#machines.get(String(stateMachineArn));
    if (!machine) throw new AwsError('StateMachineDoesNotExist', `no state machine ${stateMachineArn}`);
    if (!NAME.test(String(name))) throw new AwsError('InvalidName', `Invalid Name: '${name}'`);
    parseOr(input, 'InvalidExecutionInput');
    const arn = `${machine.arn.replace(':stateMachine:', ':execution:')}:${name}`;
    const earlier = this.#executions.get(arn)?.record;
    if (earlier && (earlier.status !== 'RUNNING' || earlier.inputText !== input))
      throw new AwsError('ExecutionAlreadyExists', `Execution Already Exists: '${arn}'`);
    if (earlier) return { executionArn: arn, startDate: earlier.startedAt / 1000 };
    const { arn: machineArn, roleArn, definition } = machine;
    const origin = { arn, machineArn, roleArn, definition, inputText: String(input), startedAt: Date.now() };
    const state = { status: 'RUNNING' as const, variables: {}, tokens: [], history: [] };
    const execution = new WorkflowExecution({ ...origin, ...state }, this.#host);
    this.#executions.set(arn, execution);
    execution.start();
    return { executionArn: arn, startDate: origin.startedAt / 1000 };
  }

  /** A token that was never given out is invalid; one whose task is over has timed out. */
  #send(token: string, use: (execution: WorkflowExecution, attempt: Attempt) => void): JsonObject {
    const execution = this.#holderOf(token);
    if (!execution) throw new AwsError('InvalidToken', 'Invalid token');
    const attempt = execution.attemptOf(token);
    if (!attempt) throw new AwsError('TaskTimedOut', 'Provided task does not exist anymore');
    use(execution, attempt);
    return {};
  }

  #holderOf(token: string): WorkflowExecution | undefined {
    return [...this.#executions.values()].find(({ record }) => record.tokens.includes(token));
  }
}

const NAME = /^[^\s<>{}[\]?*"#%\\^|~`$&,;:/\p{Cc}]{1,80}$/u;

/** Renaming is atomic: a killed process leaves the old state or the new one. */
const saveIn = (directory: string, record: ExecutionRecord): void => {
  const file = join(directory, `${encodeURIComponent(record.arn)}.json`);
  writeFileSync(`${file}.new`, JSON.stringify(record));
  renameSync(`${file}.new`, file);
};

const recordsIn = (directory: string): ExecutionRecord[] => {
  mkdirSync(directory, { recursive: true });
  const files = readdirSync(directory).filter((file) => file.endsWith('.json'));
  return files.map((file) => JSON.parse(readFileSync(join(directory, file), 'utf8')));
};

const parseOr = (text: unknown, code: string): unknown => {
  try {
    return JSON.parse(String(text));
  } catch {
    throw new AwsError(code, 'not JSON');
  }
};
