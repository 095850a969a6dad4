import { NOTE_MAX_CHARACTERS } from '../core/limits.ts';
import type { FormName } from './form-token.ts';
import { type Html, html, type Part } from './html.ts';

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
  contain: 'Stop access',
  lift: 'Lift',
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
