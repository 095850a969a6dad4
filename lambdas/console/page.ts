import { type Html, html, type Part, trusted } from './html.ts';
import { STYLESHEET } from './stylesheet.ts';
import { inlineText } from './visible-text.ts';

/** What surrounds the content of a page. */
export interface Frame {
  /** The path before `/console`, where the console is behind one: `/live`, or nothing. */
  readonly path: string;
  /** Undefined where nobody has signed in. */
  readonly person: { readonly name: string; readonly signOutToken: string } | undefined;
}

const STYLE = trusted(`<style>${STYLESHEET}</style>`);

/** A whole page. `title` is ours, or text of strangers that has become text. */
export const page = (frame: Frame, title: string, content: Part): Html => html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="robots" content="noindex, nofollow">
<title>${title} – Latchkey</title>
${STYLE}
</head>
<body>
<a class="skip" href="#content">Skip to the content</a>
<header>
<span class="brand">Latchkey</span>
${frame.person && navigation(frame.path)}
${frame.person && signOut(frame.path, frame.person)}
</header>
<main id="content" tabindex="-1">
<h1>${title}</h1>
${content}
</main>
<footer><p>Opening a page here changes nothing. Only the buttons on it do.</p></footer>
</body>
</html>
`;

const navigation = (path: string): Html => html`<nav aria-label="Console"><ul>
<li><a href="${path}/console">Waiting for people</a></li>
<li><a href="${path}/console/grants">Live grants</a></li>
<li><a href="${path}/console/containments">Containments</a></li>
</ul></nav>`;

const signOut = (
  path: string,
  person: NonNullable<Frame['person']>,
): Html => html`<form method="post" action="${path}/console/sign-out" aria-label="Sign out">
<input type="hidden" name="form" value="sign_out">
<input type="hidden" name="token" value="${person.signOutToken}">
<p>${inlineText(person.name)} <button type="submit">Sign out</button></p>
</form>`;

/** Facts with their names. Undefined values are left out. */
export const facts = (entries: readonly (readonly [string, Part])[]): Html => html`<dl>
${entries
  .filter(([, value]) => value !== undefined)
  .map(
    ([name, value]) => html`<dt>${name}</dt><dd>${value}</dd>
`,
  )}</dl>`;

/** A section with a heading that names it for those who jump from landmark to landmark. */
export const section = (id: string, title: string, content: Part): Html =>
  html`<section aria-labelledby="${id}">
<h2 id="${id}">${title}</h2>
${content}
</section>`;
