/** Text as detectors look at it, and the way back. */
export interface Normalised {
  readonly text: string;
  /** The offset in the original at which the unit at this offset began; for the end, the original's end. */
  readonly originOf: (offset: number) => number;
}

const NOT_ASCII = /[\u0080-\uffff]/;
const UNSEEN = /\p{Cf}|\p{Default_Ignorable_Code_Point}/u;
const DASH = /[\u00b7\u2010-\u2015\u2043\u2212\u30fb\ufe58\ufe63]/u;
const DIGIT = /\p{Nd}/u;

/**
 * NFKC, character by character, with digits of every script as 0 to 9, every dash as `-`, every space as one, and without
 * what nobody sees. Letters that only look alike are left: a table of them would never be complete.
 */
export const normalise = (text: string): Normalised => {
  if (!NOT_ASCII.test(text)) return { text, originOf: (offset) => offset };
  const origins: number[] = [];
  let normalised = '';
  let at = 0;
  for (const character of text) {
    const seen = plain(character);
    for (let unit = 0; unit < seen.length; unit += 1) origins.push(at);
    normalised += seen;
    at += character.length;
  }
  return { text: normalised, originOf: (offset) => origins[offset] ?? text.length };
};

const known = new Map<string, string>();
/** Texts use few characters; more than this many in one process are not worth remembering. */
const KNOWN_MAX = 4_096;

const plain = (character: string): string => {
  if (character < '\u0080') return character;
  const remembered = known.get(character);
  if (remembered !== undefined) return remembered;
  const made = normaliseCharacter(character);
  if (known.size < KNOWN_MAX) known.set(character, made);
  return made;
};

const normaliseCharacter = (character: string): string => {
  if (UNSEEN.test(character)) return '';
  const composed = character.normalize('NFKC');
  if (DASH.test(composed)) return '-';
  if (/^\s+$/.test(composed)) return ' ';
  return DIGIT.test(composed) ? [...composed].map(digit).join('') : composed;
};

/** Unicode keeps the ten digits of a script in a row, from zero. */
const digit = (character: string): string => {
  if (character < '\u0080' || !DIGIT.test(character)) return character;
  const code = character.codePointAt(0) ?? 0;
  let zero = code;
  while (code - zero < 9 && DIGIT.test(String.fromCodePoint(zero - 1))) zero -= 1;
  return String(code - zero);
};
