import type { Inbox } from '../app/list-inbox.ts';
import type { Approval } from '../core/approval/approval.ts';
import type { EpochMs } from '../core/time.ts';
import { statementsInShort, titleOf } from './action-words.ts';
import { duration, instant } from './amounts.ts';
import { type Html, html } from './html.ts';
import { type Frame, facts, page, section } from './page.ts';
import { inlineText } from './visible-text.ts';

export const inboxPage = (
  { frame, now }: { readonly frame: Frame; readonly now: EpochMs },
  { waiting, reviews }: Inbox,
): Html => {
  const list = (approvals: readonly Approval[]) =>
    html`<ul class="plain">${approvals.map((approval) => html`<li>${entry(frame.path, approval, now)}</li>`)}</ul>`;
  return page(
    frame,
    'Waiting for people',
    html`${section(
      'waiting',
      'You may decide',
      waiting.length > 0 ? list(waiting) : html`<p>Nothing waits for you.</p>`,
    )}
${section(
  'reviews',
  'Open reviews',
  reviews.length > 0 ? list(reviews) : html`<p>No emergency waits for a review by you.</p>`,
)}`,
  );
};

const entry = (path: string, approval: Approval, now: EpochMs): Html => {
  const { asked, id } = approval;
  return html`<h3><a href="${path}/console/approvals/${id}">${titleOf(approval)} on ${inlineText(asked.resource)}</a></h3>
${facts([
  ['What', statementsInShort(asked)],
  ['Asked by', inlineText(asked.requester.name)],
  ['Reason', html`<q>${inlineText(asked.reason)}</q>`],
  [asked.subject.kind === 'run' ? 'Its grant lasts' : 'For', duration(asked.seconds)],
  ['To be decided by', approval.state === 'pending' ? instant(asked.approveBy, now) : undefined],
])}`;
};
