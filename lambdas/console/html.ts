import { raw, html as template } from 'hono/html';

/** Markup that is safe to send: text in it was escaped when it was put together. */
export type Html = ReturnType<typeof raw>;

/** What may stand in markup. Text is escaped, markup is not, and nothing else has a form in HTML. */
export type Part = string | number | Html | undefined | false | readonly Part[];

/**
 * The one way markup is made here. Attributes stand in double quotes, where what is escaped stays inside. Nothing waits
 * in a template, so hono's promise of markup is never one.
 */
export const html = (strings: TemplateStringsArray, ...parts: readonly Part[]): Html => {
  const made = template(strings, ...parts);
  if (made instanceof Promise) throw new TypeError('markup is made at once');
  return made;
};

/** For constants of this folder that contain markup already. Nothing from outside ever comes here. */
export const trusted = (markup: string): Html => raw(markup);
