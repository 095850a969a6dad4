import type { FunctionName } from '../lambdas/core/config/compiled.ts';
import { API_FUNCTION_TIMEOUT_SECONDS, RUNNER_TIMEOUT_SECONDS } from '../lambdas/core/limits.ts';

interface FunctionShape {
  readonly description: string;
  /** Lambda gives processor time by memory; all of these need little of the memory itself. */
  readonly memorySize: number;
  readonly timeoutSeconds: number;
}

export const FUNCTION_SHAPES: Readonly<Record<FunctionName, FunctionShape>> = {
  authorizer: { description: 'Verifies who is asking', memorySize: 512, timeoutSeconds: 10 },
  api: {
    description: 'Decides requests and records them',
    memorySize: 1024,
    timeoutSeconds: API_FUNCTION_TIMEOUT_SECONDS,
  },
  reader: {
    description: 'Answers polls; reads only',
    memorySize: 512,
    timeoutSeconds: API_FUNCTION_TIMEOUT_SECONDS,
  },
  vend: {
    description: 'Releases credentials under active grants',
    memorySize: 1024,
    timeoutSeconds: API_FUNCTION_TIMEOUT_SECONDS,
  },
  runner: {
    description: 'Makes and ends roles at the targets, and executes runs there',
    // A parser, an answer of some megabytes in several forms, and connections beside it.
    memorySize: 1024,
    timeoutSeconds: RUNNER_TIMEOUT_SECONDS,
  },
  revoker: {
    description: 'Ends what is ended by calls to AWS: sessions of roles, keys on machines',
    memorySize: 512,
    timeoutSeconds: RUNNER_TIMEOUT_SECONDS,
  },
  waiter: {
    description: 'Stores the callback of a workflow in its wait',
    memorySize: 256,
    timeoutSeconds: 15,
  },
  console: {
    description: 'Shows people what they are asked and records what they decide',
    memorySize: 1024,
    timeoutSeconds: API_FUNCTION_TIMEOUT_SECONDS,
  },
  containment: {
    description: 'Places and lifts stops, and shows what is still being ended',
    memorySize: 1024,
    timeoutSeconds: API_FUNCTION_TIMEOUT_SECONDS,
  },
  notifier: { description: 'Tells people that they are asked', memorySize: 512, timeoutSeconds: 20 },
  sweeper: {
    description: 'Finds and ends what is overdue',
    memorySize: 1024,
    // Shorter than the alarm's patience, so that a run that hangs is followed by one that succeeds.
    timeoutSeconds: 170,
  },
};
