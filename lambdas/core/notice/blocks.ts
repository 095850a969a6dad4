/**
 * The part of Slack's Block Kit that our messages are made of. What others wrote stands in `text` elements of
 * `rich_text` only: Slack reads no markup, mention or address in those, and a link would be an element of another type.
 * Markup (`mrkdwn`) holds nothing but our own words and numbers.
 */
export type Block =
  | { readonly type: 'header'; readonly text: PlainText }
  | { readonly type: 'rich_text'; readonly elements: readonly RichTextPart[] }
  | { readonly type: 'context'; readonly elements: readonly Markup[] }
  | { readonly type: 'actions'; readonly block_id: string; readonly elements: readonly Button[] };

export interface PlainText {
  readonly type: 'plain_text';
  readonly text: string;
  /** False: `:name:` stays as it is written. */
  readonly emoji: false;
}

export interface Markup {
  readonly type: 'mrkdwn';
  readonly text: string;
  /** True: no address, channel or user name is looked for in it. */
  readonly verbatim: true;
}

export type RichTextPart =
  | { readonly type: 'rich_text_section' | 'rich_text_quote'; readonly elements: readonly Words[] }
  | { readonly type: 'rich_text_list'; readonly style: 'bullet'; readonly elements: readonly Section[] };

export interface Section {
  readonly type: 'rich_text_section';
  readonly elements: readonly Words[];
}

export interface Words {
  readonly type: 'text';
  readonly text: string;
  readonly style?: { readonly bold: true };
}

export interface Button {
  readonly type: 'button';
  readonly action_id: string;
  readonly text: PlainText;
  readonly value?: string;
  readonly url?: string;
  readonly style?: 'primary' | 'danger';
}

export const plain = (text: string): PlainText => ({ type: 'plain_text', text, emoji: false });

export const markup = (text: string): Markup => ({ type: 'mrkdwn', text, verbatim: true });

const words = (text: string): Words => ({ type: 'text', text });

export const bold = (text: string): Words => ({ type: 'text', text, style: { bold: true } });

/** A line of its own: Slack puts the sections of a block one after the other without a break. */
export const labelled = (label: string, text: string): Section => ({
  type: 'rich_text_section',
  elements: [bold(`${label}: `), words(`${text}\n`)],
});

export const quote = (text: string): RichTextPart => ({ type: 'rich_text_quote', elements: [words(text)] });

export const bullets = (lines: readonly string[]): RichTextPart => ({
  type: 'rich_text_list',
  style: 'bullet',
  elements: lines.map((line) => ({ type: 'rich_text_section', elements: [words(line)] })),
});

export const heading = (text: string): Section => ({
  type: 'rich_text_section',
  elements: [bold(text)],
});

export const richText = (...elements: readonly RichTextPart[]): Block => ({ type: 'rich_text', elements });

/** For markup and for the plain text of a message: the three characters that Slack gives a meaning to. */
export const escapeMarkup = (text: string): string =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
