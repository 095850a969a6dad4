import { createHash } from 'node:crypto';

/**
 * The one stylesheet, inside each page. System fonts and no pictures, so that nothing is loaded. Colours have a contrast of
 * at least 4.5:1 in light and in dark (7:1 for text on the page), and none says anything that words do not say too.
 */
export const STYLESHEET = `
:root {
  color-scheme: light dark;
  --page: #ffffff; --text: #1b1f24; --soft: #f3f5f7; --line: #6b7480; --quiet: #454c56; --link: #0b4f9e;
  --good: #0d5c2b; --bad: #9a1c1c; --care: #6d4300; --care-page: #fff4d6; --added: #e0f4e5; --removed: #fde7e7;
  --button: #0b4f9e; --on-button: #ffffff;
}
@media (prefers-color-scheme: dark) {
  :root {
    --page: #14171b; --text: #e8ebef; --soft: #20252b; --line: #8b95a1; --quiet: #bfc6ce; --link: #8fc2ff;
    --good: #86dba2; --bad: #ffa8a8; --care: #ffd479; --care-page: #33290f; --added: #143021; --removed: #3d1b1b;
    --button: #8fc2ff; --on-button: #0e1318;
  }
}
* { box-sizing: border-box; }
body { margin: 0; background: var(--page); color: var(--text); font: 1rem/1.5 system-ui, sans-serif; overflow-wrap: anywhere; }
header, main, footer { max-width: 60rem; margin: 0 auto; padding: 0.75rem 1rem; }
header { display: flex; flex-wrap: wrap; gap: 0 1.5rem; align-items: center; border-bottom: 1px solid var(--line); }
header p { margin: 0; } .brand { font-weight: 700; }
nav ul { display: flex; flex-wrap: wrap; gap: 0.25rem 1.25rem; list-style: none; margin: 0; padding: 0; }
nav a, .links a { display: inline-block; padding: 0.6rem 0; }
footer { color: var(--quiet); border-top: 1px solid var(--line); margin-top: 2rem; }
h1 { font-size: 1.6rem; line-height: 1.25; margin: 0.75rem 0; }
h2 { font-size: 1.25rem; margin: 2rem 0 0.5rem; }
h3 { font-size: 1.05rem; margin: 1.25rem 0 0.5rem; } h4 { font-size: 1rem; margin: 0.75rem 0 0.25rem; }
li > :first-child, .decision > h3, .warning > p, .status > p, .refused > p { margin-top: 0; }
.warning > p, .status > p, .refused > p { margin-bottom: 0; }
.short { font-size: 1.15rem; margin: 0.5rem 0; }
a { color: var(--link); }
:focus-visible { outline: 3px solid var(--link); outline-offset: 2px; }
.skip { position: absolute; left: -100rem; background: var(--page); padding: 0.5rem 1rem; z-index: 1; }
.skip:focus { left: 0.5rem; top: 0.5rem; }
.unseen { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap; }
pre, code { font: 0.95rem/1.5 ui-monospace, monospace; }
pre { background: var(--soft); border: 1px solid var(--line); padding: 0.75rem; margin: 0.5rem 0; white-space: pre-wrap; overflow-wrap: anywhere; tab-size: 4; }
dl { display: grid; grid-template-columns: minmax(8rem, 14rem) 1fr; gap: 0.35rem 1rem; margin: 0.5rem 0; }
dt { color: var(--quiet); } dd { margin: 0; } dd > pre { margin: 0; }
.mark { border: 1px solid var(--bad); color: var(--bad); background: var(--page); padding: 0 0.2rem; margin: 0 0.1rem; font: 0.8rem ui-monospace, monospace; unicode-bidi: isolate; }
.foreign { text-decoration: underline dotted 2px; text-underline-offset: 0.2em; }
.warning, .status, .refused { border: 1px solid var(--line); border-left: 0.5rem solid var(--care); background: var(--care-page); padding: 0.5rem 0.75rem; margin: 0.75rem 0; }
.status { border-left-color: var(--good); background: var(--soft); }
.refused { border-left-color: var(--bad); background: var(--soft); }
.env { border: 2px solid var(--care); background: var(--care-page); padding: 0 0.35rem; }
p.links { margin: 0.25rem 0; }
.tag { display: inline-block; font-weight: 600; font-size: 0.8rem; border: 1px solid currentColor; padding: 0 0.3rem; margin-right: 0.2rem; }
ins { text-decoration: underline; background: var(--added); } del { background: var(--removed); }
ul.plain { list-style: none; padding: 0; } ul.plain > li { border: 1px solid var(--line); padding: 0.75rem 1rem; margin: 0.75rem 0; } ul.links > li { border: 0; padding: 0; margin: 0; }
li > h3 > a { display: inline-block; padding: 0.4rem 0; }
form { margin: 0; }
.decision { border: 1px solid var(--line); padding: 0.25rem 1rem 1rem; margin: 1rem 0; }
fieldset { border: 1px solid var(--line); margin: 0.75rem 0; padding: 0.5rem 0.75rem; min-width: 0; }
label { display: block; margin: 0.5rem 0 0.25rem; font-weight: 600; }
label.choice { display: flex; gap: 0.6rem; align-items: center; font-weight: 400; min-height: 2.75rem; margin: 0; }
input[type="radio"] { flex: none; width: 1.5rem; height: 1.5rem; margin: 0; accent-color: var(--button); }
textarea, input[type="number"], input[type="text"] { display: block; width: 100%; max-width: 40rem; font: inherit; color: inherit; background: var(--page); border: 1px solid var(--line); padding: 0.5rem; }
input[type="number"] { max-width: 12rem; }
.hint { color: var(--quiet); margin: 0.25rem 0; }
button { font: inherit; font-weight: 600; min-height: 2.75rem; padding: 0.5rem 1.25rem; margin-top: 0.75rem; border: 2px solid var(--button); background: var(--page); color: var(--link); cursor: pointer; }
button.strong { background: var(--button); color: var(--on-button); }
button.danger { border-color: var(--bad); color: var(--bad); }
header button { margin: 0 0 0 0.5rem; padding: 0.25rem 0.75rem; }
header form { margin-left: auto; }
button[hidden] { display: none; }
summary { cursor: pointer; display: inline-block; min-height: 2.75rem; padding: 0.6rem 1rem; margin: 0.5rem 0; font-weight: 600; border: 2px solid var(--bad); color: var(--bad); }
summary::before { content: '\\25B8\\00A0'; } details[open] > summary::before { content: '\\25BE\\00A0'; }
@media (max-width: 36rem) { dl { grid-template-columns: 1fr; gap: 0; } dd { margin-bottom: 0.6rem; } }
@media (prefers-reduced-motion: no-preference) { :focus-visible { transition: outline-offset 0.1s; } }
`;

/** What `style-src` allows: this text and no other. */
export const STYLESHEET_SOURCE = `'sha256-${createHash('sha256').update(STYLESHEET).digest('base64')}'`;
