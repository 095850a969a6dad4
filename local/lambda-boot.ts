import { existsSync } from 'node:fs';
import { join } from 'node:path';
import tls from 'node:tls';
import { parentPort, workerData } from 'node:worker_threads';

/** Runs inside the worker, in the place of AWS's runtime. The function's own code cannot tell the difference. */
export interface BootData {
  readonly directory: string;
  readonly handler: string;
  readonly localCaPem: string | undefined;
}

export interface Invocation {
  readonly requestId: string;
  readonly eventText: string;
  readonly deadline: number;
}

/** What comes of an event, and of the start itself, before the first event. A failure has the name of what was thrown. */
export type InvokeOutcome =
  | { readonly payload: unknown }
  | { readonly failure: { readonly errorType: string; readonly errorMessage: string } };

const outcomeOf = async (run: () => Promise<unknown>): Promise<InvokeOutcome> => {
  try {
    return { payload: JSON.parse(JSON.stringify(await run()) ?? 'null') };
  } catch (thrown) {
    const { name, message, stack } = thrown instanceof Error ? thrown : new Error(String(thrown));
    // AWS's runtime logs it too, stack and all.
    console.error('Invoke Error', JSON.stringify({ name, message, stack }));
    return { failure: { errorType: name, errorMessage: message } };
  }
};

const loadHandler = async ({ directory, handler, localCaPem }: BootData) => {
  if (localCaPem) tls.setDefaultCACertificates([...tls.getCACertificates('default'), localCaPem]);
  const [module = '', name = ''] = handler.split('.');
  const file = ['.cjs', '.mjs'].map((end) => join(directory, module + end)).find(existsSync);
  if (!file) throw new TypeError(`Cannot find module '${module}'`);
  const { [name]: found } = await import(file);
  if (typeof found !== 'function') throw new TypeError(`${handler} is undefined or not exported`);
  return found;
};

const started = await outcomeOf(async () => {
  const handler = await loadHandler(workerData);
  parentPort?.on('message', async ({ requestId, eventText, deadline }: Invocation) => {
    const context = { awsRequestId: requestId, getRemainingTimeInMillis: () => deadline - Date.now() };
    parentPort?.postMessage(await outcomeOf(async () => handler(JSON.parse(eventText), context)));
  });
});
parentPort?.postMessage(started);
