/**
 * Everything that is not seen, or makes what is seen look otherwise: control characters and line breaks, direction
 * marks (U+202A-202E, U+2066-2069), zero width, tags, fillers, blanks, private use, unpaired halves.
 */
const HIDDEN = /[\p{Cc}\p{Cf}\p{Cs}\p{Co}\p{Cn}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}\u2800]/gu;

const mark = (character: string): string =>
  `[U+${(character.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, '0')}]`;

/**
 * What somebody else wrote, for people to read on one line: what hides is shown as a mark, and what is too long ends in
 * "…". At most `max` UTF-16 units and never empty, since Slack refuses empty texts. It escapes nothing: where it goes,
 * nothing may be read as markup.
 */
export const visibleText = (text: string, max: number): string => {
  const shown = text.replace(HIDDEN, mark);
  if (shown.trim() === '') return '(empty)';
  return shown.length <= max ? shown : `${shown.slice(0, max - 1).replace(/[\uD800-\uDBFF]$/, '')}…`;
};
