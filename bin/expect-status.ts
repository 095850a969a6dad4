import type { ApiAnswer } from './api-client.ts';

/** Stops a story where it does not go as told, or a benchmark of what did not happen. */
export const expect = <T>(answer: ApiAnswer<T>, status: number): ApiAnswer<T> => {
  if (answer.status === status) return answer;
  throw new Error(`expected ${status}, got ${answer.status}: ${JSON.stringify(answer.body)}`);
};
