import type { Detection } from './detection.ts';
import { findAll, whole } from './detection.ts';

const INTERNATIONAL = /(?<![\w+])\+[1-9](?:[ .()/-]{0,3}\d){7,14}(?![\d:])/g;
const AREA_IN_BRACKETS = /(?<![\w.-])\(\d{2,5}\)[ .-]?\d{3,4}[ .-]?\d{3,4}(?![\w-])/g;
const NORTH_AMERICAN = /(?<![\w.-])(?:1[-. ])?[2-9]\d{2}([-.])\d{3}\1\d{4}(?![\w-])/g;
/** With the 0 that many countries dial first. */
const TRUNK = /(?<![\w.:-])0[1-9]\d{0,3}([ -])\d{2,4}(?:\1\d{2,4}){1,4}(?![\w:-])/g;
const NAMED = /(?:phone|mobile|\btel|\bcell|\bfax)[\w.]{0,12}["']?[ ]?[:=#]?[ ]?["']?(\d{9,15})(?!\d)/gi;

const TRUNK_MIN_DIGITS = 9;
const TRUNK_MAX_DIGITS = 11;

/** Numbers with a country's code, or in a punctuation that only telephone numbers have, or after their name. */
export const findPhones = (text: string): readonly Detection[] => [
  ...findAll(text, INTERNATIONAL, (match) => whole('phone', match)),
  ...findAll(text, AREA_IN_BRACKETS, (match) => whole('phone', match)),
  ...findAll(text, NORTH_AMERICAN, (match) => whole('phone', match)),
  ...findAll(text, TRUNK, (match) => {
    const digits = match[0].replace(/\D/g, '').length;
    return digits >= TRUNK_MIN_DIGITS && digits <= TRUNK_MAX_DIGITS ? whole('phone', match) : undefined;
  }),
  ...findAll(text, NAMED, (match) => {
    const end = match.index + match[0].length;
    return { category: 'phone', start: end - (match[1] ?? '').length, end };
  }),
];
