import type { ApprovalPage } from '../app/show-approval.ts';
import type { Approval } from '../core/approval/approval.ts';
import { approvalsMissing } from '../core/approval/consent.ts';
import { GRANT_MIN_SECONDS, NOTE_MAX_CHARACTERS } from '../core/limits.ts';
import { offerWords } from './action-words.ts';
import { duration } from './amounts.ts';
import type { FormName } from './form-token.ts';
import { type Html, html, type Part } from './html.ts';
import { section } from './page.ts';

/** What a form needs beside its fields. */
export interface FormParts {
  readonly action: string;
  readonly digest: string;
  readonly tokenOf: (form: FormName) => string;
}

/**
 * Enter in a field presses the first button of its form (HTML, "implicit submission"). So the first one is disabled, which
 * makes Enter do nothing, and what was typed is sent by a button that somebody meant to press. Chromium passes over a
 * disabled button when Enter is pressed on a choice and takes the next one: that one closes the dialog that the form is in,
 * and it is in none.
 */
const NO_ENTER = html`<button type="submit" disabled hidden></button>
<button type="submit" formmethod="dialog" formnovalidate hidden></button>`;

/** What forms are called by those who jump from one to the next. */
const FORM_NAMES: Readonly<Record<Exclude<FormName, 'sign_out'>, string>> = {
  approve: 'Approve',
  deny: 'Deny',
  break_glass: 'Approve alone, as an emergency',
  close_review: 'Close the review',
  revoke: 'Revoke',
};

/** `of` tells it from others of its kind on the page. */
export const form = (
  name: keyof typeof FORM_NAMES,
  { action, digest, tokenOf, of }: FormParts & { readonly of?: string },
  content: Part,
): Html =>
  html`<form method="post" action="${action}" class="decision" aria-label="${FORM_NAMES[name]}${of !== undefined && ` ${of}`}">
${NO_ENTER}
<input type="hidden" name="form" value="${name}">
<input type="hidden" name="digest" value="${digest}">
<input type="hidden" name="token" value="${tokenOf(name)}">
${content}
</form>`;

/** A note with its label and hint; `id` is unique on the page. */
export const noteField = (id: string, label: string, isRequired: boolean): Html =>
  html`<label for="${id}">${label}</label>
<p class="hint" id="${id}-hint">At most ${NOTE_MAX_CHARACTERS} characters. It is kept in the trail${isRequired ? '' : ' and may be empty'}.</p>
<textarea id="${id}" name="note" rows="3" maxlength="${NOTE_MAX_CHARACTERS}" aria-describedby="${id}-hint"${isRequired && html` required`}></textarea>`;

/** What this person may do, the safest first. Nothing at all where they may do nothing. */
export const decisionForms = (shown: ApprovalPage, parts: FormParts): Html | undefined => {
  const { may, approval } = shown;
  const forms = [
    may.review && reviewForm(parts),
    may.deny && denyForm(parts),
    may.approve && (mayGive(shown) ? approveForm(shown, parts) : NOTHING_TO_GIVE),
    may.breakGlass && breakGlassForm(approval, parts),
  ].filter((each) => each !== false);
  const because = may.because === '' ? undefined : html`<p>${may.because}</p>`;
  if (forms.length === 0 && because === undefined) return undefined;
  return section('decision', 'Your decision', html`${because}${forms}`);
};

/** A grant is given as one of the offers; where there is none, policy would refuse whatever people say. */
const mayGive = ({ approval, offers }: ApprovalPage): boolean =>
  approval.asked.subject.kind !== 'grant' || offers.length > 0;

const NOTHING_TO_GIVE = html`<p class="refused">It cannot be approved: by the policies of now, no number of people would be enough.</p>`;

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
