import { holdsMaskMarker } from '../core/masking/mask-marker.ts';
import type { Result } from '../core/result.ts';
import { fail, ok } from '../core/result.ts';
import { classify } from '../core/sql/classify.ts';
import type { Statement } from '../core/sql/statement.ts';
import type { RunAsked } from './run-payload.ts';

export interface StatementRefusal {
  readonly part: string;
  readonly reason: string;
}

/** By form alone: whether it is one statement that can be understood, of the class the grant is for. */
export const understand = (request: RunAsked, action: string): Result<Statement, StatementRefusal> => {
  const classified = classify(request.sql);
  if (!classified.ok) {
    const { part, reason } = classified.failure;
    return fail({ part, reason });
  }
  const statement = classified.value;
  const wanted = `postgres:${statement.class}`;
  if (wanted !== action)
    return fail({
      part: statement.verb,
      reason: `This is for \`${wanted}\`, and the grant is for \`${action}\`: ask for a grant of that action.`,
    });
  if (statement.parameterCount !== request.params.length)
    return fail({
      part: '$n',
      reason: `The statement has ${statement.parameterCount} parameters, and \`params\` has ${request.params.length}.`,
    });
  if (statement.class !== 'read' && [request.sql, ...request.params].some(isMasked))
    return fail({
      part: 'mask',
      reason: 'It would store a mask in place of the value that the mask hides: leave that column as it is.',
    });
  return ok(statement);
};

const isMasked = (text: string | null): boolean => text !== null && holdsMaskMarker(text);
