import type { ApprovalPage, WhyNot } from '../app/show-approval.ts';
import type { Approval } from '../core/approval/approval.ts';
import { approvalsMissing } from '../core/approval/consent.ts';
import { GRANT_MIN_SECONDS } from '../core/limits.ts';
import { offerWords } from './action-words.ts';
import { duration } from './amounts.ts';
import { type FormParts, form, noteField } from './form.ts';
import { type Html, html } from './html.ts';
import { section } from './page.ts';

/** What this person may do, the safest first. Nothing at all where they may do nothing. */
export const decisionForms = (shown: ApprovalPage, parts: FormParts): Html | undefined => {
  const { may, approval } = shown;
  const forms = [
    may.review && reviewForm(parts),
    may.deny && denyForm(parts),
    may.approve && (mayGive(shown) ? approveForm(shown, parts) : NOTHING_TO_GIVE),
    may.breakGlass && breakGlassForm(approval, parts),
  ].filter((each) => each !== false);
  const because = may.because && html`<p>${WHY_NOT[may.because]}</p>`;
  if (forms.length === 0 && because === undefined) return undefined;
  return section('decision', 'Your decision', html`${because}${forms}`);
};

const WHY_NOT: Readonly<Record<WhyNot, string>> = {
  over: 'There is nothing to decide any more.',
  own_request: 'It is your own request, or that of an agent you answer for: somebody else decides.',
  not_allowed: 'Policy does not let you approve it on this page.',
  voted: 'You have approved it already. You may still deny it.',
};

/** A grant is given as one of the offers; where there is none, policy would refuse whatever people say. */
const mayGive = ({ approval, offers }: ApprovalPage): boolean =>
  approval.asked.subject.kind !== 'grant' || offers.length > 0;

const NOTHING_TO_GIVE = html`<p class="refused">It cannot be approved: under today’s policies, no number of people would be enough.</p>`;

const denyForm = (parts: FormParts): Html =>
  form(
    'deny',
    parts,
    html`<h3>Deny</h3>
<p>One denial is enough: nobody can approve this afterwards.</p>
${noteField('deny-note', 'Why not', false)}
<button type="submit" class="danger">Deny</button>`,
  );

const approveForm = ({ approval, offers }: ApprovalPage, parts: FormParts): Html =>
  form(
    'approve',
    parts,
    html`<h3>Approve</h3>
<p>${quorumWords(approval)}</p>
${approval.asked.subject.kind === 'grant' && choices(approval, offers)}
${noteField('approve-note', 'Note', false)}
<button type="submit" class="strong">Approve what is shown above</button>`,
  );

const quorumWords = (approval: Approval): string => {
  const missing = approvalsMissing(approval);
  return missing <= 1
    ? 'With yours it has all the approvals it needs and begins at once.'
    : `With yours it still needs ${missing - 1} more.`;
};

const choices = ({ asked }: Approval, offers: ApprovalPage['offers']): Html => html`<fieldset>
<legend>What to give</legend>
<p class="hint">Where several people decide, the least that one of them gives counts.</p>
${offers.map(
  (
    offer,
    index,
  ) => html`<label class="choice"><input type="radio" name="action" value="${offer.action}" required${index === 0 && html` checked`}> ${offerWords(offer, asked)}</label>
`,
)}</fieldset>
<label for="seconds">For how many seconds</label>
<p class="hint" id="seconds-hint">From ${GRANT_MIN_SECONDS} to ${asked.seconds}; asked for: ${duration(asked.seconds)}.</p>
<input id="seconds" name="seconds" type="number" inputmode="numeric" required min="${Math.min(GRANT_MIN_SECONDS, asked.seconds)}" max="${asked.seconds}" step="1" value="${asked.seconds}" aria-describedby="seconds-hint">`;

const breakGlassForm = (approval: Approval, parts: FormParts): Html => html`<details>
<summary>Emergency: go ahead alone</summary>
${form(
  'break_glass',
  parts,
  html`<h3>Break the glass</h3>
<p>Your word alone is enough, instead of ${approval.quorum}. Everybody concerned is told at once, and somebody else has to review it afterwards.</p>
${noteField('break-glass-note', 'What the emergency is', true)}
<button type="submit" class="danger">Approve alone, as an emergency</button>`,
)}
</details>`;

const reviewForm = (parts: FormParts): Html =>
  form(
    'close_review',
    parts,
    html`<h3>Close the review</h3>
<p>Somebody went ahead alone. Say what you found.</p>
${noteField('review-note', 'What you found', true)}
<button type="submit">Close the review</button>`,
  );
