import { setTimeout as pause } from 'node:timers/promises';
import { type ConsoleVisitor, consoleVisitor, wordsOf } from '../../bin/console-visitor.ts';
import type { LocalStack } from '../../local/stack.ts';

export interface Decision {
  readonly form: 'approve' | 'deny';
  readonly note?: string;
  /** What is given, where less is offered. */
  readonly action?: string;
  /** What is given of a window, in seconds. */
  readonly seconds?: string;
}

const PERSON = 'ana.silva';
const WAIT_MS = 90_000;

/** A database administrator finds what waits for her by its reason, and decides, as a browser would send it. */
export const decideInConsole = async (
  stack: LocalStack,
  reason: string,
  { form, ...fields }: Decision,
): Promise<void> => {
  const password = stack.issuer.passwordOf(PERSON);
  const visitor = consoleVisitor({ login: PERSON, password, ca: stack.certPem });
  const page = await visitor.open(await findByReason(visitor, stack.consoleUrl, reason));
  const { status, body } = await visitor.submit(page, form, fields);
  if (status !== 200) throw new Error(`${form} was answered ${status}: ${body}`);
};

const findByReason = async (visitor: ConsoleVisitor, consoleUrl: string, reason: string): Promise<string> => {
  for (const end = Date.now() + WAIT_MS; Date.now() < end; await pause(500)) {
    const { body } = await visitor.open(`${consoleUrl}/console`);
    const entry = body.split('<li>').find((one) => isFor(wordsOf(one), reason));
    const [, path] = /href="([^"]*\/console\/approvals\/[^"]*)"/.exec(entry ?? '') ?? [];
    if (path) return new URL(path, consoleUrl).href;
  }
  throw new Error(`nothing with the reason "${reason}" came to wait for ${PERSON}`);
};

/** The whole reason: what follows it is how long a grant lasts, or that of a run. */
const isFor = (words: string, reason: string): boolean =>
  ['For', 'Its grant lasts'].some((next) => words.includes(`Reason ${reason} ${next}`));
