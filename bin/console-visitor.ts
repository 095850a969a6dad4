import { once } from 'node:events';
import type { IncomingMessage } from 'node:http';
import { request } from 'node:https';
import { text } from 'node:stream/consumers';

/** One page as it came, where redirects ended. */
export interface ConsolePage {
  readonly url: string;
  readonly status: number;
  readonly headers: IncomingMessage['headers'];
  readonly body: string;
}

/** A person with a browser that runs no scripts: it keeps cookies, follows redirects and sends forms as they stand. */
export interface ConsoleVisitor {
  open(url: string): Promise<ConsolePage>;
  /** Sends the form of that name on a page, with what the person fills in. */
  submit(page: ConsolePage, form: string, fields?: Readonly<Record<string, string>>): Promise<ConsolePage>;
}

export interface Credentials {
  readonly login: string;
  readonly password: string;
  /** PEM: trusted, and nothing else. */
  readonly ca: string;
}

interface Sent {
  readonly method?: 'POST';
  readonly fields?: URLSearchParams;
}

/** Whenever the provider asks who it is, this person says so. */
export const consoleVisitor = ({ login, password, ca }: Credentials): ConsoleVisitor => {
  const jars = new Map<string, Map<string, string>>();
  const jarOf = (url: string): Map<string, string> => {
    const { origin } = new URL(url);
    const jar = jars.get(origin) ?? new Map<string, string>();
    jars.set(origin, jar);
    return jar;
  };
  const visit = async (url: string, sent: Sent = {}): Promise<ConsolePage> => {
    const page = await send(url, sent, { ca, jar: jarOf(url) });
    if (page.headers.location) return visit(new URL(page.headers.location, url).href);
    const asksForPassword = page.body.includes('name="password"');
    if (!asksForPassword || sent.fields?.has('password')) return page;
    return visit(url, { method: 'POST', fields: new URLSearchParams({ login, password }) });
  };
  return {
    open: (url) => visit(url),
    submit(page, form, fields = {}) {
      const found = formOn(page, form);
      const filled = new URLSearchParams({ ...found.fields, ...fields });
      return visit(new URL(found.action, page.url).href, { method: 'POST', fields: filled });
    },
  };
};

const send = async (
  url: string,
  { method, fields }: Sent,
  { ca, jar }: { readonly ca: string; readonly jar: Map<string, string> },
): Promise<ConsolePage> => {
  const headers = {
    cookie: [...jar].map(([name, value]) => `${name}=${value}`).join('; '),
    ...(method ? { 'content-type': 'application/x-www-form-urlencoded', origin: new URL(url).origin } : {}),
  };
  const asked = request(url, { method: method ?? 'GET', ca, headers }).end(String(fields ?? ''));
  const [answer] = (await once(asked, 'response')) as [IncomingMessage];
  keepCookies(jar, answer.headers['set-cookie'] ?? []);
  return { url, status: answer.statusCode ?? 0, headers: answer.headers, body: await text(answer) };
};

const keepCookies = (jar: Map<string, string>, lines: readonly string[]): void => {
  for (const line of lines) {
    const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(line) ?? [];
    if (value) jar.set(name, value);
    else jar.delete(name);
  }
};

/** The fields that a form has by itself: hidden ones, and of choices the one that is made already. */
const formOn = ({ body, url }: ConsolePage, name: string) => {
  const forms = [...body.matchAll(/<form[^>]*action="([^"]*)"[^>]*>([\s\S]*?)<\/form>/g)];
  const found = forms.find(([, , inner]) => inner?.includes(`name="form" value="${name}"`));
  if (!found) throw new Error(`no form ${name} at ${url}: ${wordsOf(body)}`);
  const inputs = [...(found[2] ?? '').matchAll(/<input ([^>]*)>/g)].map(([, attributes = '']) => attributes);
  const kept = inputs.filter((one) => /type="(hidden|number)"/.test(one) || / checked/.test(one));
  const notes = [...(found[2] ?? '').matchAll(/<textarea ([^>]*)>/g)].map(
    ([, attributes = '']) => attributes,
  );
  const fields = [...kept, ...notes].map(
    (one) => [attributeOf(one, 'name'), attributeOf(one, 'value')] as const,
  );
  return { action: unescaped(found[1] ?? ''), fields: Object.fromEntries(fields) };
};

const attributeOf = (attributes: string, name: string): string =>
  unescaped(new RegExp(`(?:^| )${name}="([^"]*)"`).exec(attributes)?.[1] ?? '');

const unescaped = (text: string): string =>
  text.replaceAll('&quot;', '"').replaceAll('&#39;', "'").replaceAll('&amp;', '&');

/** What a page says, without its markup. */
export const wordsOf = (body: string): string =>
  unescaped(body.replace(/<style[\s\S]*?<\/style>|<[^>]*>/g, ' '))
    .replaceAll('&lt;', '<')
    .replaceAll('&gt;', '>')
    .replace(/\s+/g, ' ')
    .trim();
