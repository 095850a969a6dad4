import assert from 'node:assert/strict';
import type { Problem } from '../../lambdas/http/problem.ts';
import { ProblemView } from '../../lambdas/http/schemas.ts';
import type { RawAnswer } from './raw-call.ts';

/** The problem that was answered, once its form, headers, status and code are what they must be. */
export const assertProblem = (answer: RawAnswer, status: number, code: string): Problem => {
  assert.equal(answer.status, status, answer.text);
  assert.equal(answer.headers['content-type'], 'application/problem+json');
  assert.equal(answer.headers['cache-control'], 'no-store');
  const problem = ProblemView.parse(answer.json);
  assert.deepEqual(problem, answer.json);
  assert.equal(problem.code, code);
  assert.equal(problem.status, status);
  assert.match(problem.instance, /^urn:uuid:[0-9a-f-]{36}$/);
  return problem;
};
