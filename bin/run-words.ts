import type { RunFacts } from '../lambdas/core/policy/question.ts';

/** `delete, unbounded, public.orders`: what an imagined statement is, in a few words. */
export const runWords = ({ verb, class: statementClass, bounded, tables, estimatedRows }: RunFacts): string =>
  [
    verb,
    ...(statementClass === 'write' ? [bounded ? 'bounded' : 'unbounded'] : []),
    ...tables,
    ...(estimatedRows === undefined ? [] : [`about ${estimatedRows} rows`]),
  ].join(', ');
