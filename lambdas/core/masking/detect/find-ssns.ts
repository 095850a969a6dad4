import type { Detection } from './detection.ts';
import { findAll, forEachMatch } from './detection.ts';

const SEPARATED = /(?<!\d[.-]?)(\d{3})([-. ])(\d{2})\2(\d{4})(?![.-]?\d)/g;
const NAMED = /ssn|social/gi;
const BARE = /(?<![\d.-])(\d{3})(\d{2})(\d{4})(?![.-]?\d)/g;
/** How far from its name a number is still that name's. */
const NEAR_CHARACTERS = 40;

/** US social security numbers. Nine digits without separators are one only where a name says so. */
export const findSsns = (text: string): readonly Detection[] => [
  ...findAll(text, SEPARATED, (match) => {
    const [all, area, , group, serial] = match;
    return isIssued(area, group, serial) ? ssn(match.index, all.length) : undefined;
  }),
  ...bareNumbers(text),
];

/** After or before each place where the name stands; places that are near each other are looked at once. */
const bareNumbers = (text: string): readonly Detection[] => {
  const found: Detection[] = [];
  let seen = 0;
  forEachMatch(text, NAMED, ({ index }) => {
    if (index < seen) return;
    found.push(...bareAround(text, index));
    seen = index + NEAR_CHARACTERS / 2;
  });
  return found;
};

const bareAround = (text: string, at: number): readonly Detection[] => {
  const start = Math.max(0, at - NEAR_CHARACTERS);
  return findAll(text.slice(start, at + 2 * NEAR_CHARACTERS), BARE, (match) => {
    const [all, area, group, serial] = match;
    return isIssued(area, group, serial) ? ssn(start + match.index, all.length) : undefined;
  });
};

const ssn = (start: number, length: number): Detection => ({ category: 'ssn', start, end: start + length });

const isIssued = (area = '', group = '', serial = ''): boolean =>
  area !== '000' && area !== '666' && area < '900' && group !== '00' && serial !== '0000';
