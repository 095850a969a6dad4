import { NAMED_CHARACTERS_MAX_COUNT } from '../core/limits.ts';
import { type Html, html, type Part } from './html.ts';

/**
 * Characters that show as nothing, as a blank, or turn around what stands beside them: controls, marks of direction,
 * joiners, tags, fillers, selectors, unusual blanks, and what Unicode has not given or gives to nobody. Line feed, tab and
 * the plain space show as what they are. Of marks that combine, the fourth on one letter and later ones: no script needs
 * them, and piled up they cover their neighbours.
 */
const HIDDEN = /([[\p{C}\p{Z}\p{Default_Ignorable_Code_Point}\u2800\ufffd]--[ \n\t]]|(?<=\p{M}{3})\p{M})/v;

/** What a keyboard for English does not have and yet shows: often a word of another language, now and then a disguise. */
const FOREIGN = /([^\0-\x7f]+)/u;

/**
 * Text of strangers as it is, with a mark in the place of each character that nobody would see. A mark is a box of its
 * own, so that text which spells one out is not taken for it.
 */
export const visibleText = (text: string): Html => marked(text, (part) => part);

/** Splitting by what is caught puts it at the odd places. */
const marked = (text: string, show: (part: string) => Part): Html => {
  const parts = text.split(HIDDEN);
  return html`${parts.map((part, index) =>
    index % 2 === 1 ? html`<span class="mark">${codePoint(part)}</span>` : show(part),
  )}`;
};

/** `U+202E` */
const codePoint = (character: string): string =>
  `U+${(character.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, '0')}`;

/** In a line of other text: what is written from right to left must not reorder its neighbours. */
export const inlineText = (text: string): Html => html`<bdi>${visibleText(text)}</bdi>`;

/**
 * A text that is decided on, in the order of its characters: letters of right-to-left scripts are laid out from left to
 * right too, because the reader has to see what a parser will read and not what a typesetter would make of it. What is not
 * ASCII is underlined where it stands and named below, since a Cyrillic letter looks like a Latin one.
 */
export const exactText = (text: string): Html =>
  html`<pre><bdo dir="ltr">${marked(text, underlined)}</bdo></pre>
${warningOf(text)}`;

const underlined = (text: string): Part =>
  text
    .split(FOREIGN)
    .map((part, index) => (index % 2 === 1 ? html`<span class="foreign">${part}</span>` : part));

const warningOf = (text: string): Html | undefined => {
  const parts = text.split(HIDDEN);
  const hidden = (parts.length - 1) / 2;
  const shown = parts.filter((_, index) => index % 2 === 0).join('');
  const foreign = [...new Set(shown.match(/[^\0-\x7f]/gu) ?? [])];
  if (foreign.length === 0 && hidden === 0) return undefined;
  return html`<p class="warning"><strong>Look closely.</strong>
${hidden > 0 && html`Characters that do not show: ${hidden}. A mark stands for each.`}
${foreign.length > 0 && html`Underlined, as they are not plain ASCII: ${namesOf(foreign)}.`}</p>`;
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
