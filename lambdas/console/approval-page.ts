import type { ApprovalPage } from '../app/show-approval.ts';
import { type Approval, isGranted, type Vote } from '../core/approval/approval.ts';
import { reviewOf } from '../core/approval/approval-life.ts';
import { approvalsGiven } from '../core/approval/consent.ts';
import type { EpochMs } from '../core/time.ts';
import { statementsInShort, stateWords, titleOf, wishOf } from './action-words.ts';
import { counted, duration, instant } from './amounts.ts';
import { decisionForms } from './decision-forms.ts';
import { differences } from './differences.ts';
import type { FormParts } from './form.ts';
import { type Html, html } from './html.ts';
import { operation } from './operation.ts';
import { type Frame, facts, page, section } from './page.ts';
import { inlineText } from './visible-text.ts';

/**
 * Everything about one approval. In the order of reading: in one sentence what, where and for whom; where it stands; what it
 * is; who asks; what is new; who says so; then the forms. Whoever has read enough finds the way to them at the top.
 */
export const approvalPage = (
  { frame, now, parts }: { readonly frame: Frame; readonly now: EpochMs; readonly parts: FormParts },
  shown: ApprovalPage,
): Html => {
  const { approval } = shown;
  const changed = differences(shown);
  const forms = decisionForms(shown, parts);
  return page(
    frame,
    titleOf(approval),
    html`${inShort(shown)}
${standing(approval, now)}
${forms && html`<p class="links"><a href="#decision">To your decision: deny or approve</a></p>`}
${operation(shown)}
${section('requester', 'Who asks', requester(shown, now))}
${changed && section('differences', 'What is new since the last approved request', changed)}
${section('policies', 'Why people are asked', policies(shown))}
${section('votes', 'What people said', votes(approval, now))}
${section('binding', 'What a decision is bound to', binding(approval))}
${forms}`,
  );
};

/** `sales-analyst (agent of Dana Reyes) wants to run one statement on billing-db in prod: update on public.invoices.` */
const inShort = ({ approval, resource }: ApprovalPage): Html => {
  const { asked } = approval;
  const what = statementsInShort(asked);
  return html`<p class="short"><strong>${inlineText(asked.requester.name)}</strong> (${asked.requester.type}${asked.owners.length > 0 && html` of ${names(asked.owners)}`}) wants ${wishOf(asked)}
on <strong>${inlineText(asked.resource)}</strong>${resource && html` in <strong class="env">${inlineText(resource.env)}</strong>`}${what && html`: ${what}`}.</p>`;
};

const names = (people: Approval['asked']['owners']): Html =>
  html`${people.map(({ name }, index) => html`${index > 0 && ', '}${inlineText(name)}`)}`;

const standing = (approval: Approval, now: EpochMs): Html =>
  html`<div class="${approval.state === 'pending' ? 'warning' : 'status'}" role="status"><p><strong>${stateWords(approval.state)}.</strong>
${approval.state === 'pending' && html`${approvalsGiven(approval)} of ${counted(approval.quorum, 'approval', 'approvals')} so far. To be decided by ${instant(approval.asked.approveBy, now)}.`}
${isGranted(approval) && html`Given: <code>${approval.granted.action}</code> for ${duration(approval.granted.seconds)}; to be used by ${instant(approval.useBy, now)}.`}
${reviewWords(approval, now)}</p></div>`;

const reviewWords = (approval: Approval, now: EpochMs): Html | undefined => {
  const review = reviewOf(approval);
  if (!review) return undefined;
  return review.state === 'open'
    ? html`<strong>It went ahead as an emergency, on one person’s word. Its review is open.</strong>`
    : html`It was an emergency, reviewed by ${inlineText(review.by.subject)} ${instant(review.at, now)}: <q>${inlineText(review.note)}</q>`;
};

const requester = ({ approval, taskName }: ApprovalPage, now: EpochMs): Html => {
  const { requester: who, owners, groups, task, planUntil } = approval.asked;
  return facts([
    ['Requester', html`<strong>${inlineText(who.name)}</strong> (${who.type})`],
    ['Known to its issuer as', html`${inlineText(who.subject)} at ${inlineText(who.issuer)}`],
    [
      'Who answers for it, and so may not approve',
      owners.length > 0
        ? html`${owners.map(({ name, subject }, index) => html`${index > 0 && ', '}${inlineText(name)} (${inlineText(subject)})`)}`
        : 'nobody',
    ],
    ['Groups', groups.length > 0 ? inlineText(groups.join(', ')) : 'none'],
    ['Task', html`${inlineText(taskName)} (<code>${task}</code>)`],
    ['Asked', instant(approval.createdAt, now)],
    ['The plan may be used until', planUntil === null ? undefined : instant(planUntil, now)],
  ]);
};

const policies = (
  shown: ApprovalPage,
): Html => html`<p>It takes the approval of ${counted(shown.approval.quorum, 'person', 'people')}.</p>
<ul>${shown.policies.map(
  ({ id, reason }) =>
    html`<li><code>${inlineText(id)}</code>: ${reason === undefined ? 'it gives no reason' : inlineText(reason)}</li>`,
)}</ul>`;

const votes = (approval: Approval, now: EpochMs): Html =>
  approval.votes.length === 0
    ? html`<p>Nothing yet.</p>`
    : html`<ol>${approval.votes.map((vote) => html`<li>${voteWords(vote, now)}</li>`)}</ol>`;

const voteWords = ({ voter, decision, way, at, note, granted }: Vote, now: EpochMs): Html =>
  html`<strong>${decision === 'approve' ? 'Approved' : 'Denied'}</strong> by ${inlineText(voter.name)} (${inlineText(voter.subject)}), ${WAYS[way]}, ${instant(at, now)}${
    granted && html`, giving <code>${granted.action}</code> for ${duration(granted.seconds)}`
  }${note !== undefined && html`: <q>${inlineText(note)}</q>`}`;

const WAYS: Readonly<Record<Vote['way'], string>> = {
  page: 'on this page',
  button: 'by the button of a message',
  break_glass: 'alone, as an emergency',
};

const binding = ({ id, digest, supersedes, asked }: Approval): Html =>
  facts([
    ['Digest of what is asked', html`<code>${digest}</code>`],
    ['Approval', html`<code>${id}</code>`],
    ['About', html`${asked.subject.kind} <code>${asked.subject.id}</code>`],
    ['Takes the place of', supersedes === undefined ? undefined : html`<code>${supersedes}</code>`],
  ]);
