import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { TASK_ERRORS } from '../../lambdas/tasks/grant-task.ts';
import { grantDefinition } from '../../lib/grant-definition.ts';
import { runDefinition } from '../../lib/run-definition.ts';
import { StateError } from '../../local/jsonata-evaluation.ts';
import { createStepFunctions, type StepFunctions } from '../../local/step-functions.ts';
import { scratchDir } from './scratch-dir.ts';

const INVOKED = { runner: 'runner', revoker: 'revoker', waiter: 'waiter', notifier: 'notifier' };
const MACHINE = 'arn:aws:states:eu-central-1:111122223333:stateMachine:latchkey-';
const MACHINES = [
  { arn: `${MACHINE}grant`, roleArn: 'role', definition: grantDefinition(INVOKED) },
  { arn: `${MACHINE}run`, roleArn: 'role', definition: runDefinition(INVOKED) },
];

const ROOT = scratchDir();
let stages = 0;

type Payload = Readonly<Record<string, string>>;
/** The name of a call: its function for those that have one task, `admit`, `activate` … for the runner. */
export type Call = 'notify' | 'ask' | 'wait' | 'admit' | 'inspect' | 'activate' | 'run' | 'end';

const callOf = (functionArn: string, { step, wait }: Payload): Call => {
  if (functionArn === 'notifier') return 'notify';
  if (functionArn === 'waiter') return wait === 'people' ? 'ask' : 'wait';
  return step as Call;
};

export const failing = (name: string) => () => {
  throw new StateError(name, 'by this test');
};
export const transient = failing(TASK_ERRORS.transient);
export const refused = failing(TASK_ERRORS.refused);

/**
 * The real machines on functions that do by their small table what ours do by theirs. What people said stands in
 * `decision`, and nothing else lets anything go on. `instead` has what the next call of a name does in place of its own.
 */
export class AskingStage {
  decision: 'pending' | 'approved' | 'denied' | 'late' = 'pending';
  /** Of the run, once it was asked for. */
  runState = 'done';
  readonly calls: string[] = [];
  readonly tokens: string[] = [];
  readonly instead = new Map<Call, () => unknown>();
  readonly #directory = join(ROOT, String(++stages));
  #engine = this.#start();

  static open(t: TestContext): AskingStage {
    const stage = new AskingStage();
    t.after(() => stage.#engine.stop());
    return stage;
  }

  #start(): StepFunctions {
    return createStepFunctions({
      machines: MACHINES,
      directory: this.#directory,
      invoke: async ({ functionArn, payload }) => {
        const call = callOf(functionArn, payload as Payload);
        this.calls.push(call);
        const instead = this.instead.get(call);
        this.instead.delete(call);
        return instead ? instead() : this.#answer(call, payload as Payload);
      },
    });
  }

  #answer(call: Call, { taskToken }: Payload): unknown {
    switch (call) {
      case 'ask':
        return this.#storePeopleWait(String(taskToken));
      case 'wait':
        return this.send(String(taskToken));
      case 'admit':
        return {
          admission: { pending: 'wait', approved: 'go', denied: 'over', late: 'over' }[this.decision],
        };
      case 'activate':
        return { active: true, waitSeconds: 60, leaseSeconds: 0 };
      case 'run':
        return { state: this.runState };
      default:
        return {};
    }
  }

  async #storePeopleWait(token: string): Promise<void> {
    this.tokens.push(token);
    if (this.decision !== 'pending') await this.send(token);
  }

  send(taskToken: string | undefined): Promise<unknown> {
    return this.#engine.call('SendTaskSuccess', { taskToken, output: '{}' });
  }

  /** As whoever records the decision: it stands, then the stored token is sent. */
  async decide(decision: 'approved' | 'denied'): Promise<void> {
    this.decision = decision;
    await this.send(this.tokens.at(-1));
  }

  async start(kind: 'grant' | 'run', input: object = { isAsked: true, approvalSeconds: 60 }): Promise<void> {
    const id = kind === 'grant' ? { grantId: 'g_1' } : { runId: 'r_1' };
    const call = { stateMachineArn: MACHINE + kind, name: 'one', input: JSON.stringify({ ...id, ...input }) };
    await this.#engine.call('StartExecution', call);
  }

  /** As after a crash: what was in memory is gone, what was on disk is not. */
  restart(): void {
    this.#engine.stop();
    this.#engine = this.#start();
    this.#engine.resume();
  }

  /** Resolves when this many waits for people have been stored, and the machine knows it. */
  async asked(times = 1): Promise<void> {
    await this.#until(() => this.tokens.length >= times || undefined);
    await sleep(10);
  }

  async called(name: Call): Promise<void> {
    await this.#until(() => this.calls.includes(name) || undefined);
    await sleep(5);
  }

  outcome(): Promise<string> {
    return this.#until(() => {
      const [execution] = this.#engine.executions();
      return execution?.status === 'RUNNING' ? undefined : `${execution?.status}: ${this.calls.join(' ')}`;
    });
  }

  async #until<T>(look: () => T | undefined): Promise<T> {
    for (const last = Date.now() + 10_000; Date.now() < last; await sleep(2)) {
      const seen = look();
      if (seen !== undefined) return seen;
    }
    throw new Error(`still waiting after: ${this.calls.join(' ')}`);
  }
}
