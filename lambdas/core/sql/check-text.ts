import { STATEMENT_MAX_BYTES } from '../limits.ts';
import type { StatementRefusal } from './statement.ts';

const refusal = (part: string, reason: string): StatementRefusal => ({
  code: 'statement_not_understood',
  part,
  reason,
});

/**
 * What is refused before anything is parsed: texts that people, the parser and the server would read differently. The
 * parser stops at NUL and would pass what stands behind it; U+FFFD is what broken bytes were turned into on their way.
 */
export const checkText = (sql: string): StatementRefusal | undefined => {
  if (sql.trim() === '') return refusal('the text', 'There is no statement.');
  if (Buffer.byteLength(sql) > STATEMENT_MAX_BYTES)
    return refusal('the text', `The statement is longer than ${STATEMENT_MAX_BYTES / 1024} KiB.`);
  if (sql.includes('\0')) return refusal('the text', 'The statement holds a NUL character.');
  if (!sql.isWellFormed() || sql.includes('\uFFFD'))
    return refusal(
      'the text',
      'The statement holds characters that were broken on their way; send it as UTF-8.',
    );
  return undefined;
};
