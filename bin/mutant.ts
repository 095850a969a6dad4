/** What the product promises. Each must have a mutant, and so a test that can fail. */
export const PROMISES = {
  1: 'Default deny: whatever is missing, unknown, unreadable or unreachable is a no',
  2: 'Nothing is released unaudited',
  3: 'The time of use decides, by the stored grant, the clock and the token of now',
  4: 'What needs people is not given without them',
  5: 'Ended means dead, and it is proved',
  6: 'The secret stays out of logs, errors, tables and workflow data',
  7: 'Vending is no way round what a resource holds back',
  8: 'An outsider can verify the trail',
} as const;

export type PromiseNumber = keyof typeof PROMISES;

/** One small change that breaks one rule, and the tests that must notice it. */
export interface Mutant {
  readonly promise: PromiseNumber;
  /** The rule that the change breaks, as a sentence that is true without it. */
  readonly rule: string;
  readonly file: string;
  /** Text that stands in the file exactly once. */
  readonly find: string;
  readonly replace: string;
  /** At least one test in these files must fail. */
  readonly tests: readonly string[];
  /** Only tests with this in their name are run: for files that take long. */
  readonly testsNamed?: string;
}

/** The text with the change in it; undefined when the place is not there, or not the only one. */
export const mutated = (
  text: string,
  { find, replace }: Pick<Mutant, 'find' | 'replace'>,
): string | undefined => {
  const at = text.indexOf(find);
  if (at < 0 || text.indexOf(find, at + 1) >= 0) return undefined;
  return text.slice(0, at) + replace + text.slice(at + find.length);
};
