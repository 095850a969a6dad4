import type { Failure } from './failure.ts';

/** What a decision hands back: a value, or one member of the closed union of failures. Throwing is for bugs and broken infrastructure. */
export type Result<T, F = Failure> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly failure: F };

export const ok = <T>(value: T): Result<T, never> => ({ ok: true, value });

export const fail = <F>(failure: F): Result<never, F> => ({ ok: false, failure });
