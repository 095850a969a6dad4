import assert from 'node:assert/strict';
import { parseReceipt } from '../../lambdas/core/audit/chain.ts';
import type { Things } from './asks.ts';
import { assertProblem } from './problems.ts';
import type { Ask, Caller, RunningStack } from './running-stack.ts';

/** What the tests of bad input share: one stack, two callers, and a grant of the first that nothing may touch. */
export interface Scene {
  readonly running: RunningStack;
  readonly crew: Caller;
  readonly other: Caller;
  readonly mine: Things & { readonly run: string; readonly plan: string; readonly containment: string };
}

/** Tests that run on a scene; it is only there once they run. */
export type Suite = (scene: () => Scene) => void;

export interface Refusal {
  readonly status: number;
  readonly code: string;
  /** The field that must be named. */
  readonly pointer?: string;
}

export const invalid = (pointer: string): Refusal => ({ status: 400, code: 'invalid_request', pointer });

const JSON_TYPE: Readonly<Record<string, string>> = { 'content-type': 'application/json' };

/** A request with a body as it is written here. */
export const raw = (body: string | Buffer, path = '/v1/tasks', headers = JSON_TYPE): Ask => ({
  method: 'POST',
  path,
  body,
  headers,
});

/** Everything that is stored but the heads of chains, to which refusals add. */
export const state = async ({ running }: Scene): Promise<string> =>
  JSON.stringify((await running.items('grants')).filter(({ pk }) => !pk?.S?.startsWith('CHAIN#')));

/** Asks for each, expects that refusal, and nothing made. */
export const assertRefused = async (
  scene: Scene,
  asks: readonly Ask[],
  { status, code, pointer }: Refusal,
): Promise<void> => {
  const before = await state(scene);
  for (const ask of asks) {
    const answer = await scene.crew.ask(ask);
    const problem = assertProblem(answer, status, code);
    assert.ok(!problem.retryable);
    assert.ok(
      parseReceipt(answer.headers['latchkey-audit'] ?? ''),
      'every answer of a function has a receipt',
    );
    if (pointer !== undefined)
      assert.ok(
        problem.errors?.some((error) => error.pointer === pointer && error.detail.length > 0),
        `${JSON.stringify(ask).slice(0, 300)} → ${JSON.stringify(problem.errors)}`,
      );
  }
  assert.equal(await state(scene), before);
};
