import type { Detection } from './detect/detection.ts';
import { findCards } from './detect/find-cards.ts';
import { findEmails } from './detect/find-emails.ts';
import { findEncoded } from './detect/find-encoded.ts';
import { findIbans } from './detect/find-ibans.ts';
import { findIps } from './detect/find-ips.ts';
import { findKeys } from './detect/find-keys.ts';
import { findPhones } from './detect/find-phones.ts';
import { findSsns } from './detect/find-ssns.ts';
import { findJwts, findPems } from './detect/find-tokens.ts';
import { normalise } from './detect/normalise.ts';

/** Whatever has none of these holds nothing that is looked for: every kind has a digit, or one of the signs. */
const WORTH_A_LOOK = /[\d@=:%\\]|-----|[A-Za-z0-9+/_-]{14}/;
const DIGITS = /\d[^A-Za-z\n]{0,24}\d/;

/**
 * Every card, account, number of a person, address and key in a text, with offsets in the text as it was given; in order,
 * and none overlapping. Looks through full-width characters, invisible ones and separators, and once through base64,
 * hexadecimal, URL and JSON escapes. Its time grows with the length of the text. What `unmasked` names is not looked for.
 */
export const detect = (text: string, unmasked: ReadonlySet<string> = NONE): readonly Detection[] => {
  const { text: normalised, originOf } = normalise(text);
  if (!WORTH_A_LOOK.test(normalised)) return [];
  const found = [...findPlain(normalised), ...findEncoded(normalised, findDecoded)];
  if (found.length === 0) return found;
  const masked = found.filter(({ category }) => !unmasked.has(category));
  return apart(
    masked.map(({ category, start, end }) => ({
      category,
      start: originOf(start),
      end: afterOrigin(originOf, end, text.length),
    })),
  );
};

const NONE: ReadonlySet<string> = new Set();

const findPlain = (text: string): readonly Detection[] => [
  ...(DIGITS.test(text) ? findNumbers(text) : []),
  ...findEmails(text),
  ...findIps(text),
  ...findKeys(text),
  ...findJwts(text),
  ...findPems(text),
];

const findNumbers = (text: string): readonly Detection[] => [
  ...findCards(text),
  ...findIbans(text),
  ...findSsns(text),
  ...findPhones(text),
];

const findDecoded = (decoded: string): readonly Detection[] => findPlain(normalise(decoded).text);

/** A character that became several ends where the next one begins. */
const afterOrigin = (originOf: (offset: number) => number, end: number, length: number): number => {
  const last = originOf(end - 1);
  let after = end;
  while (originOf(after) === last && last < length) after += 1;
  return originOf(after);
};

/** What overlaps becomes one, of the category that comes first here. */
const GRAVITY: readonly string[] = ['pem', 'jwt', 'key', 'card', 'iban', 'ssn', 'email', 'phone', 'ip'];

const apart = (found: readonly Detection[]): readonly Detection[] => {
  const kept: Detection[] = [];
  for (const detection of found.toSorted((a, b) => a.start - b.start || b.end - a.end)) {
    const last = kept.at(-1);
    if (!last || detection.start >= last.end) kept.push(detection);
    else kept[kept.length - 1] = joined(last, detection);
  }
  return kept;
};

const joined = (a: Detection, b: Detection): Detection => ({
  category: GRAVITY.indexOf(b.category) < GRAVITY.indexOf(a.category) ? b.category : a.category,
  start: a.start,
  end: Math.max(a.end, b.end),
});
