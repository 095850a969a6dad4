import type { Block, Fields, StoredMessage } from './slack-messages.ts';
import type { SlackUser } from './slack-press.ts';

export interface PageFacts {
  readonly messages: readonly StoredMessage[];
  readonly users: readonly SlackUser[];
  /** Who presses. */
  readonly as: SlackUser;
  /** What only that person is told, newest last. */
  readonly whispers: readonly string[];
}

const escapeHtml = (text: unknown): string =>
  String(text ?? '').replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);

/** The channel as people see it. It loads nothing from anywhere. */
export const channelPage = ({ messages, users, as, whispers }: PageFacts): string => `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<meta http-equiv="refresh" content="3">
<title>#approvals</title>
<style>${STYLE}</style>
<header><h1># approvals</h1><nav aria-label="Who presses">You are ${users.map((user) => userLink(user, as)).join(' ')}</nav></header>
<main>
${messages.length === 0 ? '<p class="quiet">Nobody has asked for anything yet.</p>' : threads(messages, as)}
${whispers.map((text) => `<p class="whisper" role="status"><small>Only visible to you</small><br>${escapeHtml(text)}</p>`).join('\n')}
</main>
<footer>A stand-in for Slack, on this machine only.</footer>
</html>`;

const userLink = (user: SlackUser, as: SlackUser): string =>
  user.id === as.id
    ? `<strong aria-current="true">${escapeHtml(user.name)}</strong>`
    : `<a href="/?as=${escapeHtml(user.id)}">${escapeHtml(user.name)}</a>`;

const threads = (messages: readonly StoredMessage[], as: SlackUser): string =>
  messages
    .filter(({ threadTs }) => threadTs === undefined)
    .map((first) => {
      const answers = messages.filter(({ threadTs }) => threadTs === first.ts);
      const replies = answers.map((answer) => messageHtml(answer, as)).join('\n');
      return `${messageHtml(first, as)}${answers.length > 0 ? `<div class="thread">${replies}</div>` : ''}`;
    })
    .join('\n');

const messageHtml = (
  message: StoredMessage,
  as: SlackUser,
): string => `<article id="m${escapeHtml(message.ts)}">
<p class="who"><span class="face" aria-hidden="true">L</span><strong>Latchkey</strong> <small>APP</small>
<time>${new Date(Number(message.ts) * 1_000).toISOString().slice(11, 16)}</time>${message.isEdited ? ' <small>(edited)</small>' : ''}</p>
${message.blocks.length > 0 ? message.blocks.map((block) => blockHtml(block, message, as)).join('\n') : `<p>${markupHtml(message.text)}</p>`}
</article>`;

const list = (value: unknown): readonly Fields[] => (Array.isArray(value) ? value : []);
const object = (value: unknown): Fields => (typeof value === 'object' && value !== null ? { ...value } : {});

const blockHtml = (block: Block, message: StoredMessage, as: SlackUser): string => {
  switch (block.type) {
    case 'header':
      return `<h2>${textHtml(object(block.text))}</h2>`;
    case 'section':
      return `<p>${textHtml(object(block.text))}</p>`;
    case 'context':
      return `<p class="context">${list(block.elements).map(textHtml).join(' ')}</p>`;
    case 'rich_text':
      return list(block.elements).map(richHtml).join('\n');
    case 'actions':
      return `<div class="actions">${list(block.elements)
        .map((button) => buttonHtml(button, message, as))
        .join(' ')}</div>`;
    default:
      return '<hr>';
  }
};

const richHtml = (part: Fields): string => {
  const elements = list(part.elements);
  if (part.type === 'rich_text_list')
    return `<ul>${elements.map((item) => `<li>${richHtml(item)}</li>`).join('')}</ul>`;
  const words = elements.map(wordsHtml).join('');
  return part.type === 'rich_text_quote' ? `<blockquote>${words}</blockquote>` : `<div>${words}</div>`;
};

/** Text as it is: in rich text Slack looks for no markup. */
const wordsHtml = ({ text, style }: Fields): string => {
  const shown = escapeHtml(text).replaceAll('\n', '<br>').replace(/<br>$/, '');
  return object(style).bold === true ? `<strong>${shown}</strong>` : shown;
};

const textHtml = ({ type, text }: Fields): string =>
  type === 'mrkdwn' ? markupHtml(String(text)) : escapeHtml(decode(String(text)));

const decode = (text: string): string =>
  text.replaceAll('&lt;', '<').replaceAll('&gt;', '>').replaceAll('&amp;', '&');

/** As much of Slack's markup as is of use here: dates, links, code and bold. */
const markupHtml = (text: string): string =>
  text
    .split(/(<[^>]*>)/)
    .map((part) => (part.startsWith('<') ? angleHtml(part.slice(1, -1)) : wordsOfMarkup(part)))
    .join('');

const wordsOfMarkup = (text: string): string =>
  escapeHtml(decode(text))
    .replace(/`([^`]+)`/g, '<code>$1</code>')
    .replace(/\*([^*]+)\*/g, '<strong>$1</strong>');

const angleHtml = (inside: string): string => {
  const [target = '', label = target] = inside.split('|');
  const date = /^!date\^(\d+)\^/.exec(target);
  if (date) return `<time>${escapeHtml(new Date(Number(date[1]) * 1_000).toUTCString())}</time>`;
  if (/^https?:/.test(target))
    return `<a href="${escapeHtml(target)}" rel="noreferrer">${escapeHtml(label)}</a>`;
  return `<mark>${escapeHtml(label)}</mark>`;
};

const buttonHtml = (
  { text, url, action_id, style }: Fields,
  { ts }: StoredMessage,
  as: SlackUser,
): string => {
  const label = textHtml(object(text));
  if (typeof url === 'string' && /^https?:\/\//.test(url))
    return `<a class="button" href="${escapeHtml(url)}" target="_blank" rel="noreferrer">${label}</a>`;
  return `<form method="post" action="/press"><input type="hidden" name="ts" value="${escapeHtml(ts)}">
<input type="hidden" name="as" value="${escapeHtml(as.id)}">
<button class="button ${escapeHtml(style)}" name="action" value="${escapeHtml(action_id)}">${label}</button></form>`;
};

const STYLE = `
:root { color-scheme: light; font: 15px/1.45 system-ui, sans-serif; color: #1d1c1d; background: #fff }
body { margin: 0; display: grid; min-height: 100vh; grid-template-rows: auto 1fr auto }
header { position: sticky; top: 0; display: flex; gap: 1rem; flex-wrap: wrap; align-items: baseline; padding: .6rem 1.2rem; background: #fff; border-bottom: 1px solid #ddd }
h1 { font-size: 1.15rem; margin: 0 } h2 { font-size: 1.1rem; margin: .3rem 0 }
nav { margin-left: auto } nav a, nav strong { padding: .15rem .5rem; border-radius: 1rem }
nav strong { background: #611f69; color: #fff }
main { max-width: 46rem; width: 100%; box-sizing: border-box; padding: 1rem 1.2rem }
article { padding: .6rem 0 .6rem 3rem; position: relative; overflow-wrap: anywhere }
.who { margin: 0 } .who small, time, .context, .quiet, footer { color: #616061; font-size: .85rem }
.face { position: absolute; left: 0; width: 2.2rem; height: 2.2rem; border-radius: .4rem; background: #611f69; color: #fff; display: grid; place-items: center; font-weight: 700 }
.thread { margin-left: 3rem; padding-left: 1rem; border-left: 3px solid #ddd }
blockquote { margin: .3rem 0; padding-left: .8rem; border-left: 4px solid #ddd }
ul { margin: .2rem 0; padding-left: 1.4rem } code { background: #f4f4f4; padding: .1rem .3rem; border: 1px solid #ddd; border-radius: .2rem; color: #a3193d }
.actions { display: flex; flex-wrap: wrap; gap: .5rem; margin-top: .5rem }
.button { font: inherit; font-weight: 700; padding: .35rem .8rem; border: 1px solid #8d8d8d; border-radius: .3rem; background: #fff; color: #1d1c1d; text-decoration: none; cursor: pointer }
.button.primary { background: #007a5a; border-color: #007a5a; color: #fff } .button.danger { background: #c01343; border-color: #c01343; color: #fff }
.button:focus-visible, a:focus-visible { outline: 3px solid #1264a3; outline-offset: 2px }
.whisper { background: #f8f8f8; border-left: 4px solid #1264a3; padding: .5rem .8rem } footer { padding: .8rem 1.2rem; border-top: 1px solid #ddd }
`;
