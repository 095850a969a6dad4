import { type Html, html, type Part } from './html.ts';
import { type Frame, page } from './page.ts';
import type { Message } from './refusal-words.ts';

/** One message with links to what comes next; `requestId` where somebody may have to look for it in the log. */
export const messagePage = (
  frame: Frame,
  message: Message,
  more: { readonly links?: Part; readonly requestId?: string } = {},
): Html =>
  page(
    frame,
    message.title,
    html`<div class="${message.status < 400 ? 'status' : 'refused'}" role="${message.status < 400 ? 'status' : 'alert'}">
<p>${message.what}</p>
</div>
<p>${message.next}</p>
${more.requestId !== undefined && html`<p>Id of this request: <code>${more.requestId}</code></p>`}
<ul class="plain links">${more.links}
<li><a href="${frame.path}/console">What waits for people</a></li>
</ul>`,
  );

export const linkItem = (href: string, words: string): Html => html`<li><a href="${href}">${words}</a></li>`;
