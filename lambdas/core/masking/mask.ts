/**
 * How a value is hidden. `redact`: all of it. `keep_last`: all but the last characters. `token`: a keyed token that is
 * the same for the same value within one task, so that an agent can still count, group and join.
 */
export type MaskForm =
  | { readonly kind: 'redact' }
  | { readonly kind: 'keep_last'; readonly count: number }
  | { readonly kind: 'token' };

/** A column that is masked unless policy unmasks its category. */
export interface SensitiveColumn {
  readonly schema: string;
  readonly table: string;
  readonly column: string;
  /** What policy names: one of the detectors' categories, or a word of the configuration's own such as `salary`. */
  readonly category: string;
  readonly form: MaskForm;
}

/** What the content detectors find by themselves, in any column. */
export const DETECTED_CATEGORIES = [
  'card',
  'iban',
  'ssn',
  'email',
  'phone',
  'ip',
  'key',
  'jwt',
  'pem',
] as const;

export type DetectedCategory = (typeof DETECTED_CATEGORIES)[number];

/** HMAC-SHA256, hex, of a text under the task's own masking key. */
export type KeyedToken = (text: string) => string;

/** How many values were masked, by category. `undecided` counts values that were hidden because nobody could tell. */
export type MaskCounts = Readonly<Record<string, number>>;
