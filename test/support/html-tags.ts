/** Elements that hold nothing. */
const VOID = new Set(['meta', 'input', 'br']);

export interface Tag {
  readonly name: string;
  readonly attributes: Readonly<Record<string, string>>;
}

export interface ParsedPage {
  readonly tags: readonly Tag[];
  /** Text between tags, as a reader sees it, entities decoded. */
  readonly text: string;
}

/**
 * Reads a page as strictly as a page of ours must be: every `<` begins a tag, every attribute stands in double quotes or has
 * no value, every element is closed in turn. Throws at anything else, which is what escaped text could never cause.
 */
export const parsePage = (markup: string): ParsedPage => {
  const tags: Tag[] = [];
  const open: string[] = [];
  let text = '';
  const rest = markup.replace(/^<!doctype html>/, '').replace(/<style>[^<]*<\/style>/, '<style></style>');
  for (const piece of rest.split(/(?=<)|(?<=>)/)) {
    if (!piece.startsWith('<')) text += decode(piece);
    else if (piece.startsWith('</')) close(open, piece);
    else {
      const tag = parseTag(piece);
      tags.push(tag);
      if (!VOID.has(tag.name)) open.push(tag.name);
    }
  }
  if (open.length > 0) throw new Error(`left open: ${open.join(' ')}`);
  return { tags, text };
};

const close = (open: string[], piece: string): void => {
  const name = /^<\/([a-z][a-z0-9]*)>$/.exec(piece)?.[1];
  const expected = open.pop();
  if (name !== expected) throw new Error(`${piece} closes ${expected}`);
};

const parseTag = (piece: string): Tag => {
  const match = /^<([a-z][a-z0-9]*)((?:\s+[a-z-]+(?:="[^"<>]*")?)*)\s*>$/.exec(piece);
  if (!match) throw new Error(`no tag: ${piece}`);
  const found = (match[2] ?? '').matchAll(/([a-z-]+)(?:="([^"]*)")?/g);
  const attributes = [...found].map(([, name = '', value = '']) => [name, decode(value)]);
  return { name: match[1] ?? '', attributes: Object.fromEntries(attributes) };
};

const decode = (text: string): string => {
  if (/>|&(?!(?:amp|lt|gt|quot|#39);)/.test(text)) throw new Error(`unescaped: ${text}`);
  return text
    .replaceAll('&lt;', '<')
    .replaceAll('&gt;', '>')
    .replaceAll('&quot;', '"')
    .replaceAll('&#39;', "'")
    .replaceAll('&amp;', '&');
};

/** The fields of the form of that name, as a browser would send them without the person touching anything. */
export const formFields = (markup: string, form: string): Record<string, string> => {
  const body = new RegExp(
    `<form[^>]*>(?:(?!</form>)[\\s\\S])*name="form" value="${form}"[\\s\\S]*?</form>`,
  ).exec(markup)?.[0];
  if (!body) throw new Error(`no form ${form}`);
  const { tags } = parsePage(body);
  const inputs = tags.filter(
    ({ name, attributes }) => name === 'input' && (attributes.type !== 'radio' || 'checked' in attributes),
  );
  const note = tags.some(({ name }) => name === 'textarea') ? { note: '' } : {};
  return {
    ...Object.fromEntries(inputs.map(({ attributes }) => [attributes.name ?? '', attributes.value ?? ''])),
    ...note,
  };
};
