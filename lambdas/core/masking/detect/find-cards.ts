import type { Detection } from './detection.ts';
import { findAll } from './detection.ts';

/** Digits in groups, as people write them, with one kind of separator between. */
const RUN = /\d+(?:([ .-])\d+(?:\1\d+)*)?/g;
/** Most texts have no row of digits as long. */
const LONG = /\d(?:[ .-]?\d){12}/;
const DIGITS_MIN = 13;
const DIGITS_MAX = 19;
/** In a longer hexadecimal word a row of digits is chance. */
const HASH_MIN_CHARACTERS = 24;

/** Payment card numbers: a prefix and length that an issuer uses, and a right check digit. */
export const findCards = (text: string): readonly Detection[] => {
  if (!LONG.test(text)) return [];
  return findAll(text, RUN, (match) => {
    const [run, separator] = match;
    const card = run.length < DIGITS_MIN ? undefined : cardIn(run, separator ?? '');
    if (!card || isInHash(text, match.index, run.length)) return undefined;
    return { category: 'card', start: match.index + card.start, end: match.index + card.end };
  });
};

/** Groups with dots or dashes are one thing; those with spaces may stand beside other numbers. */
const cardIn = (run: string, separator: string): { start: number; end: number } | undefined => {
  const groups = separator === '' ? [run] : run.split(separator);
  for (
    let first = 0, start = 0;
    first < groups.length;
    start += (groups[first]?.length ?? 0) + 1, first += 1
  ) {
    let digits = '';
    for (let last = first; last < groups.length && digits.length < DIGITS_MAX; last += 1) {
      const group = groups[last] ?? '';
      if (group.length < 2 && last + 1 < groups.length) break;
      digits += group;
      const isAll = first === 0 && last === groups.length - 1;
      if ((separator === ' ' || isAll) && isCard(digits))
        return { start, end: start + digits.length + (last - first) };
    }
    if (separator !== ' ') return undefined;
  }
  return undefined;
};

const isInHash = (text: string, start: number, length: number): boolean => {
  const [before, after] = [
    text.slice(Math.max(0, start - HASH_MIN_CHARACTERS), start),
    text.slice(start + length),
  ];
  const head = /[0-9a-f]*$/i.exec(before)?.[0] ?? '';
  const tail = /^[0-9a-f]{0,24}/i.exec(after.slice(0, HASH_MIN_CHARACTERS))?.[0] ?? '';
  return head.length + tail.length > 0 && head.length + length + tail.length >= HASH_MIN_CHARACTERS;
};

/** 13 to 19 digits without separators. */
export const isCard = (digits: string): boolean =>
  digits.length >= DIGITS_MIN && digits.length <= DIGITS_MAX && isIssued(digits) && passesLuhn(digits);

/** First and last prefix of a range, then shortest and longest number. */
const ISSUERS: readonly (readonly [string, string, number, number])[] = [
  ['4', '4', 13, 13],
  ['4', '4', 16, 16],
  ['4', '4', 19, 19],
  ['51', '55', 16, 16],
  ['2221', '2720', 16, 16],
  ['34', '34', 15, 15],
  ['37', '37', 15, 15],
  ['300', '305', 14, 19],
  ['3095', '3095', 14, 19],
  ['36', '36', 14, 19],
  ['38', '39', 14, 19],
  ['3528', '3589', 16, 19],
  ['6011', '6011', 16, 19],
  ['62', '62', 16, 19],
  ['644', '649', 16, 19],
  ['65', '65', 16, 19],
  ['81', '82', 16, 19],
  ['60', '60', 16, 16],
  ['508', '508', 16, 16],
  ['2200', '2204', 16, 19],
  ['5018', '5018', 13, 19],
  ['5020', '5020', 13, 19],
  ['5038', '5038', 13, 19],
  ['5893', '5893', 13, 19],
  ['6304', '6304', 13, 19],
  ['6759', '6763', 13, 19],
];

const isIssued = (digits: string): boolean =>
  ISSUERS.some(([first, last, shortest, longest]) => {
    const prefix = digits.slice(0, first.length);
    return prefix >= first && prefix <= last && digits.length >= shortest && digits.length <= longest;
  });

const passesLuhn = (digits: string): boolean => {
  let sum = 0;
  for (let at = digits.length - 1, isDoubled = false; at >= 0; at -= 1, isDoubled = !isDoubled) {
    const value = digits.charCodeAt(at) - 48;
    const doubled = value * 2;
    sum += isDoubled ? (doubled > 9 ? doubled - 9 : doubled) : value;
  }
  return sum % 10 === 0;
};
