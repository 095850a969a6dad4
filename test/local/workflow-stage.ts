import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import type { TestContext } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { SendTaskSuccessCommand, SFNClient, StartExecutionCommand } from '@aws-sdk/client-sfn';
import { answerJson, type JsonObject, operationOf, parseJsonObject } from '../../local/aws-json.ts';
import { StateError } from '../../local/jsonata-evaluation.ts';
import { closeServer, listenOnLoopback, readBody } from '../../local/loopback.ts';
import { createStepFunctions, type StepFunctions } from '../../local/step-functions.ts';
import type { ExecutionRecord } from '../../local/workflow-execution.ts';

const ACCOUNT = 'us-east-1:000000000000';
export const machineArn = `arn:aws:states:${ACCOUNT}:stateMachine:grant`;
const FUNCTION = `arn:aws:lambda:${ACCOUNT}:function:worker`;
const INVOKE = 'arn:aws:states:::lambda:invoke';

export type Handler = (payload: JsonObject, attempt: number) => unknown;
export type States = Record<string, JsonObject>;

/** A state that is done once its function has answered; every test says what is different. */
export const task = (over: JsonObject = {}): JsonObject => ({
  Type: 'Task',
  Resource: INVOKE,
  Arguments: { FunctionName: FUNCTION, Payload: '{% $states.input %}' },
  TimeoutSeconds: 60,
  Output: '{% $states.result %}',
  Next: 'Done',
  ...over,
});
export const callback = (over: JsonObject = {}): JsonObject =>
  task({
    Resource: `${INVOKE}.waitForTaskToken`,
    Arguments: { FunctionName: FUNCTION, Payload: { token: '{% $states.context.Task.Token %}' } },
    ...over,
  });
export const machineOf = (States: States, over: JsonObject = {}): JsonObject => ({
  QueryLanguage: 'JSONata',
  StartAt: Object.keys(States)[0],
  States: { ...States, Done: { Type: 'Succeed' } },
  ...over,
});

export class Stage {
  readonly calls: JsonObject[] = [];
  readonly client: SFNClient;
  readonly #server;
  readonly #engine: { current: StepFunctions };
  readonly #restart: () => StepFunctions;

  static async open(definition: JsonObject, handler: Handler, directory?: string): Promise<Stage> {
    const stage = new Stage(definition, handler, directory);
    const port = await listenOnLoopback(stage.#server);
    Object.assign(stage, {
      client: new SFNClient({
        endpoint: `http://127.0.0.1:${port}`,
        region: 'us-east-1',
        credentials: { accessKeyId: 'AKIALOCAL', secretAccessKey: 'local' },
        maxAttempts: 1,
      }),
    });
    return stage;
  }

  private constructor(definition: JsonObject, handler: Handler, directory?: string) {
    this.#restart = () =>
      createStepFunctions({
        machines: [{ arn: machineArn, roleArn: 'arn:aws:iam::000000000000:role/machine', definition }],
        invoke: async ({ payload }) => {
          this.calls.push(payload as JsonObject);
          return handler(payload as JsonObject, this.calls.length);
        },
        ...(directory ? { directory } : {}),
      });
    this.#engine = { current: this.#restart() };
    this.#server = createServer((request, response) => {
      void answerJson(response, async () =>
        this.#engine.current.call(
          operationOf(request.headers['x-amz-target']),
          parseJsonObject(String(await readBody(request, 1_000_000))),
        ),
      );
    });
    this.client = new SFNClient();
  }

  /** Without the network: whatever is called next finds nothing acted on yet. */
  succeedAtOnce(taskToken: string, output: unknown): Promise<JsonObject> {
    return this.#engine.current.call('SendTaskSuccess', { taskToken, output: JSON.stringify(output) });
  }

  stop(): void {
    this.#engine.current.stop();
  }

  /** As after a crash: the process's memory is gone, the disk is not. */
  restart(): void {
    this.stop();
    this.#engine.current = this.#restart();
    this.#engine.current.resume();
  }

  async close(): Promise<void> {
    this.client.destroy();
    this.stop();
    await closeServer(this.#server);
  }

  async start(input: unknown = {}, name = 'grant-1'): Promise<string> {
    const command = new StartExecutionCommand({
      stateMachineArn: machineArn,
      name,
      input: JSON.stringify(input),
    });
    return (await this.client.send(command)).executionArn ?? '';
  }

  async outcome(executionArn: string): Promise<JsonObject> {
    for (;;) {
      const { status, output, error, cause } = this.record(executionArn);
      if (status === 'SUCCEEDED') return { status, output };
      if (status === 'FAILED') return { status, error, cause };
      await sleep(5);
    }
  }

  async run(input: unknown = {}): Promise<JsonObject> {
    return this.outcome(await this.start(input));
  }

  async token(): Promise<string> {
    while (this.calls.length === 0) await sleep(5);
    // The function has answered a moment later; only then is the task submitted.
    await sleep(20);
    return String(this.calls.at(-1)?.token);
  }

  succeed(taskToken: string, output: unknown = {}) {
    return this.client.send(new SendTaskSuccessCommand({ taskToken, output: JSON.stringify(output) }));
  }

  record(executionArn: string): ExecutionRecord {
    const record = this.#engine.current.executions().find(({ arn }) => arn === executionArn);
    assert.ok(record);
    return record;
  }
}

/** Most tests wait for a second of real time, so they run side by side. */
export const TOGETHER = { concurrency: true };

export const open = async (
  t: TestContext,
  states: States,
  handler: Handler = () => ({}),
  directory?: string,
): Promise<Stage> => {
  const stage = await Stage.open(machineOf(states), handler, directory);
  t.after(() => stage.close());
  return stage;
};

export const named = (name: string) => () => {
  throw new StateError(name, JSON.stringify({ errorType: name, errorMessage: 'as said' }));
};
