import { NAMED_CHARACTERS_MAX_COUNT } from '../core/limits.ts';
import { type Html, html, type Part } from './html.ts';

/**
 * Characters that show as nothing, as a blank, or turn around what stands beside them: controls, marks of direction,
 * joiners, tags, fillers, selectors, unusual blanks, and what Unicode has not given or gives to nobody. Line feed, tab and
 * the plain space show as what they are.
 */
const HIDDEN = /[[\p{C}\p{Z}\p{Default_Ignorable_Code_Point}\u2800\ufffd]--[ \n\t]]/v;

/** Splits between any text and one hidden character. */
const SPLIT = new RegExp(`(${HIDDEN.source})`, 'v');

/**
 * Text of strangers as it is, with a mark in the place of each character that nobody would see. A mark is a box of its
 * own, so that text which spells one out is not taken for it.
 */
export const visibleText = (text: string): Html => html`${text.split(SPLIT).map(visiblePart)}`;

const visiblePart = (part: string): Part =>
  HIDDEN.test(part) ? html`<span class="mark">${codePoint(part)}</span>` : part;

/** `U+202E` */
const codePoint = (character: string): string =>
  `U+${(character.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, '0')}`;

/** In a line of other text: what is written from right to left must not reorder its neighbours. */
export const inlineText = (text: string): Html => html`<bdi>${visibleText(text)}</bdi>`;

/**
 * A text that is decided on, in the order of its characters: letters of right-to-left scripts are laid out from left to
 * right too, because the reader has to see what a parser will read and not what a typesetter would make of it.
 */
export const exactText = (text: string): Html =>
  html`<pre><bdo dir="ltr">${visibleText(text)}</bdo></pre>
${warningOf(text)}`;

/** A Cyrillic letter looks like a Latin one, so whatever is not ASCII is named. */
const warningOf = (text: string): Html | undefined => {
  const hidden = [...text].filter((character) => HIDDEN.test(character)).length;
  const beyond = [...new Set(text.match(/[^\0-\x7f]/gu) ?? [])].filter(
    (character) => !HIDDEN.test(character),
  );
  if (beyond.length === 0 && hidden === 0) return undefined;
  return html`<p class="warning"><strong>Look closely.</strong>
${hidden > 0 && html`Characters that do not show: ${hidden}. A mark stands for each.`}
${beyond.length > 0 && html`Characters that are not plain ASCII: ${namesOf(beyond)}.`}</p>`;
};

/** `а (U+0430), б (U+0431)` */
const namesOf = (characters: readonly string[]): Html => {
  const named = characters.slice(0, NAMED_CHARACTERS_MAX_COUNT);
  const left = characters.length - named.length;
  const names = named.map(
    (character, index) => html`${index > 0 && ', '}<bdi>${character}</bdi> (${codePoint(character)})`,
  );
  return html`${names}${left > 0 && ` and ${left} more`}`;
};
