import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { type LocalStack, startStack } from '../local/stack.ts';
import { type ApiClient, createApiClient, type Wire } from './api-client.ts';
import { prepareCrewai } from './crewai-environment.ts';
import { runCommand } from './mistakes.ts';
import { createNarrator, type Narrator } from './narrator.ts';
import { runCrew } from './run-crew.ts';

const DATA_DIR = '.latchkey/demo-crewai';

/** `npm run demo:crewai`: the real CrewAI against the whole product on this machine. Only the model is scripted. */
const main = async (): Promise<void> => {
  const narrator = createNarrator(process.stdout);
  narrator.title('Latchkey: a real crew answers from a database, and its model never sees a password');
  const python = await prepareCrewai(narrator.progress);
  rmSync(DATA_DIR, { recursive: true, force: true });
  const stack = await startStack({ dataDir: DATA_DIR, onProgress: narrator.progress });
  try {
    await tellStory({ stack, python, narrator });
  } finally {
    await stack.stop();
    rmSync(DATA_DIR, { recursive: true, force: true });
  }
  narrator.note(
    'The crew is examples/crewai/orders_crew.py; what it takes from Latchkey is in latchkey.py beside it.',
  );
};

interface Scene {
  readonly stack: LocalStack;
  readonly python: string;
  readonly narrator: Narrator;
}

const tellStory = async (scene: Scene): Promise<void> => {
  const { stack, narrator } = scene;
  const token = await stack.getToken('sales-crew');
  const answer = await ask(scene, token);
  narrator.step('The sales crew is asked for the newest orders', answer);
  must(answer.join().includes('600 | Customer 1 |'), 'the rows of the database are in the answer');
  await tellAccess(createApiClient(stack.baseUrl, token), narrator);

  const refusal = await ask(scene, await stack.getToken('other-crew'));
  narrator.step('Another crew is asked the same, and its model is told why not', refusal);
  must(refusal.join().includes('policy_denied'), 'the other crew is denied');
};

/** Runs the crew and gives the lines of its answer. */
const ask = async ({ stack, python }: Scene, token: string): Promise<readonly string[]> => {
  const home = join(DATA_DIR, 'home');
  const { exitCode, stdout, stderr } = await runCrew({ python, baseUrl: stack.baseUrl, token, home });
  must(exitCode === 0, `the crew ends well; it said:\n${stderr}`);
  return stdout.trimEnd().split('\n');
};

/** What happened meanwhile, as the API remembers it. */
const tellAccess = async (api: ApiClient, narrator: Narrator): Promise<void> => {
  const { body: listed } = await api.get<Wire['TaskListView']>('/v1/tasks');
  const { body: task } = await api.get<Wire['TaskView']>(`/v1/tasks/${listed.tasks[0]?.id}`);
  const grant = task.grants?.[0];
  narrator.step('On the way, the tool opened a task and asked for access', [
    `Task ${task.id} for "${task.name}"; without a heartbeat it would have ended after ${task.leaseSeconds} s.`,
    `Grant ${grant?.id} on ${grant?.resource}, allowed by policy ${grant?.determinedBy[0]?.id}.`,
    'The tool fetched the credential and logged in; the model got the rows.',
  ]);
  const { status, deadAfterMs, steps = [] } = grant?.ending ?? {};
  narrator.step('The CrewAI task completed, and the access ended with it', [
    ...steps.map(({ name, outcome, atMs }) => `${name}: ${outcome} (after ${atMs} ms)`),
    `The crew had left its connection open. It is closed; access was proved dead after ${deadAfterMs} ms.`,
  ]);
  const isCut = steps.some(({ name, outcome }) => name === 'terminate' && outcome === 'ended_1');
  must(status === 'dead' && isCut, 'the access is dead, and its connection was ended');
};

/** Stops the story where it does not go as told. */
const must = (isSo: boolean, what: string): void => {
  if (!isSo) throw new Error(`this did not hold: ${what}`);
};

await runCommand(main);
