import { randomUUID } from 'node:crypto';
import { createInterface } from 'node:readline';
import { Worker } from 'node:worker_threads';
import type { FunctionSource } from './assembly.ts';
import type { BootData, Invocation, InvokeOutcome } from './lambda-boot.ts';

export interface LambdaOptions {
  /** Over the function's own: keys, region, endpoints. */
  readonly environment: Readonly<Record<string, string>>;
  readonly onLog: (line: string) => void;
  readonly localCaPem?: string | undefined;
  /** Environments of one function that run side by side; events beyond that wait. */
  readonly maxWorkers?: number;
}

const MAX_WORKERS = 8;
const INIT_TIMEOUT_MS = 10_000;
/** A worker thread needs room of its own, however little the function was given. */
const HEAP_MIN_MB = 128;

const failed = (errorType: string, errorMessage: string): InvokeOutcome => ({
  failure: { errorType, errorMessage },
});
const exited = (how: string) => failed('Runtime.ExitError', `Error: Runtime exited with error: ${how}`);

/** One environment: a worker thread with its own `process.env`, which handles one event at a time, as on AWS. */
class LambdaEnvironment {
  isBusy = false;
  isDead = false;
  readonly #worker: Worker;
  readonly #timeoutSeconds: number;
  readonly #ready: Promise<InvokeOutcome>;
  #settle: (outcome: InvokeOutcome) => void = () => {};

  constructor(source: FunctionSource, { environment, onLog, localCaPem }: LambdaOptions) {
    this.#timeoutSeconds = source.timeoutSeconds;
    const { directory, handler, memoryMb } = source;
    this.#worker = new Worker(new URL('./lambda-boot.ts', import.meta.url), {
      workerData: { directory, handler, localCaPem } satisfies BootData,
      env: { ...runtimeEnvironment(source), ...source.environment, ...environment },
      execArgv: [],
      stdout: true,
      stderr: true,
      resourceLimits: { maxOldGenerationSizeMb: Math.max(memoryMb, HEAP_MIN_MB) },
    });
    for (const stream of [this.#worker.stdout, this.#worker.stderr])
      createInterface(stream).on('line', onLog);
    this.#worker.on('message', (outcome: InvokeOutcome) => this.#settle(outcome));
    this.#worker.on('error', (error) => onLog(`${error.stack ?? error}`));
    this.#worker.on('exit', (code) => this.#end(exited(`exit status ${code}`)));
    this.#ready = this.#next(INIT_TIMEOUT_MS, 'Error: Init timed out');
  }

  async invoke(eventText: string): Promise<InvokeOutcome> {
    const ready = await this.#ready;
    // Nothing is known about an environment whose start failed, so it is not used again.
    if ('failure' in ready) this.#end(ready);
    if (this.isDead) return 'failure' in ready ? ready : exited('before the event');
    const requestId = randomUUID();
    const timeoutMs = this.#timeoutSeconds * 1000;
    const late = `RequestId: ${requestId} Error: Task timed out after ${this.#timeoutSeconds.toFixed(2)} seconds`;
    const outcome = this.#next(timeoutMs, late);
    this.#worker.postMessage({ requestId, eventText, deadline: Date.now() + timeoutMs } satisfies Invocation);
    return outcome;
  }

  kill(): void {
    this.#end(exited('signal: killed'));
  }

  #next(timeoutMs: number, late: string): Promise<InvokeOutcome> {
    const { promise, resolve } = Promise.withResolvers<InvokeOutcome>();
    const timer = setTimeout(() => this.#end(failed('Sandbox.Timedout', late)), timeoutMs);
    this.#settle = (outcome) => {
      clearTimeout(timer);
      resolve(outcome);
    };
    return promise;
  }

  #end(outcome: InvokeOutcome): void {
    this.isDead = true;
    this.#settle(outcome);
    void this.#worker.terminate();
  }
}

const runtimeEnvironment = ({ name, directory, memoryMb }: FunctionSource) => ({
  AWS_EXECUTION_ENV: 'AWS_Lambda_nodejs24.x',
  AWS_LAMBDA_FUNCTION_NAME: name,
  AWS_LAMBDA_FUNCTION_MEMORY_SIZE: String(memoryMb),
  AWS_LAMBDA_LOG_FORMAT: 'JSON',
  // There are no such files on Lambda, and those of whoever runs this must not reach the function.
  AWS_CONFIG_FILE: '/dev/null',
  AWS_SHARED_CREDENTIALS_FILE: '/dev/null',
  LAMBDA_TASK_ROOT: directory,
  TZ: 'UTC',
});

export type LambdaFunction = ReturnType<typeof createLambdaFunction>;

export const createLambdaFunction = (source: FunctionSource, options: LambdaOptions) => {
  const { maxWorkers = MAX_WORKERS } = options;
  const environments = new Set<LambdaEnvironment>();
  const waiting: (() => void)[] = [];
  let isClosed = false;
  const acquire = async (): Promise<LambdaEnvironment | undefined> => {
    if (isClosed) return undefined;
    const idle = [...environments].find(({ isBusy }) => !isBusy);
    if (!idle && environments.size >= maxWorkers) {
      await new Promise<void>((resolve) => waiting.push(resolve));
      return acquire();
    }
    const environment = idle ?? new LambdaEnvironment(source, options);
    environments.add(environment);
    // Taken before anybody else can look, who would find it idle too.
    environment.isBusy = true;
    return environment;
  };
  return {
    source,
    /** Never rejects: what the function throws, or how it dies, is an outcome. */
    async invoke(event: unknown): Promise<InvokeOutcome> {
      const environment = await acquire();
      if (!environment) return exited('there is no function any more');
      const outcome = await environment.invoke(JSON.stringify(event ?? null));
      environment.isBusy = false;
      if (environment.isDead) environments.delete(environment);
      waiting.shift()?.();
      return outcome;
    },
    /** As a crash would: what is in flight fails, the next event starts afresh. */
    kill(): void {
      for (const environment of environments) environment.kill();
      environments.clear();
    },
    /** For good: an event that comes later, or has waited, fails. One that it started would keep the process alive. */
    close(): void {
      isClosed = true;
      this.kill();
      for (const goOn of waiting.splice(0)) goOn();
    },
  };
};
