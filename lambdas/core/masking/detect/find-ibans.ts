import type { Detection } from './detection.ts';
import { findAll } from './detection.ts';

const START = /(?<![A-Za-z0-9])([A-Za-z]{2})\d{2}(?=[ -]?[A-Za-z0-9])/g;

/** Characters of an account number by country, from the IBAN registry. */
const LENGTHS: Readonly<Record<string, number>> = {
  ...{
    AD: 24,
    AE: 23,
    AL: 28,
    AT: 20,
    AZ: 28,
    BA: 20,
    BE: 16,
    BG: 22,
    BH: 22,
    BI: 27,
    BR: 29,
    BY: 28,
    CH: 21,
  },
  ...{
    CR: 22,
    CY: 28,
    CZ: 24,
    DE: 22,
    DJ: 27,
    DK: 18,
    DO: 28,
    EE: 20,
    EG: 29,
    ES: 24,
    FI: 18,
    FK: 18,
    FO: 18,
  },
  ...{
    FR: 27,
    GB: 22,
    GE: 22,
    GI: 23,
    GL: 18,
    GR: 27,
    GT: 28,
    HN: 28,
    HR: 21,
    HU: 28,
    IE: 22,
    IL: 23,
    IQ: 23,
  },
  ...{
    IS: 26,
    IT: 27,
    JO: 30,
    KW: 30,
    KZ: 20,
    LB: 28,
    LC: 32,
    LI: 21,
    LT: 20,
    LU: 20,
    LV: 21,
    LY: 25,
    MC: 27,
  },
  ...{
    MD: 24,
    ME: 22,
    MK: 19,
    MN: 20,
    MR: 27,
    MT: 31,
    MU: 30,
    NI: 28,
    NL: 18,
    NO: 15,
    OM: 23,
    PK: 24,
    PL: 28,
  },
  ...{
    PS: 29,
    PT: 25,
    QA: 29,
    RO: 24,
    RS: 22,
    RU: 33,
    SA: 24,
    SC: 31,
    SD: 18,
    SE: 24,
    SI: 19,
    SK: 24,
    SM: 27,
  },
  ...{ SO: 23, ST: 25, SV: 28, TL: 23, TN: 24, TR: 26, UA: 29, VA: 22, VG: 24, XK: 20, YE: 30 },
};

/** International bank account numbers: the country's length and a right checksum, in groups or not. */
export const findIbans = (text: string): readonly Detection[] =>
  findAll(text, START, (match) => {
    const length = LENGTHS[(match[1] ?? '').toUpperCase()];
    const end = length === undefined ? undefined : endOf(text, match.index, length);
    if (end === undefined) return undefined;
    const account = text.slice(match.index, end).replace(/[ -]/g, '').toUpperCase();
    return remainder(account) === 1 ? { category: 'iban', start: match.index, end } : undefined;
  });

/** Where this many letters and digits are over, with at most one separator between two of them. */
const endOf = (text: string, start: number, length: number): number | undefined => {
  let at = start;
  for (let count = 0; count < length; count += 1, at += 1) {
    if (count > 0 && /[ -]/.test(text.charAt(at))) at += 1;
    if (!/[A-Za-z0-9]/.test(text.charAt(at))) return undefined;
  }
  return /[A-Za-z0-9]/.test(text.charAt(at)) ? undefined : at;
};

/** ISO 7064, modulo 97: the first four characters go to the end, letters count from 10. */
const remainder = (account: string): number => {
  let rest = 0;
  for (const character of account.slice(4) + account.slice(0, 4)) {
    const value = Number.parseInt(character, 36);
    rest = (rest * (value > 9 ? 100 : 10) + value) % 97;
  }
  return rest;
};
