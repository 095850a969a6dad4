import type { Grant } from '../core/grant/grant.ts';
import type { EpochMs } from '../core/time.ts';
import { instant } from './amounts.ts';
import { form, noteField } from './form.ts';
import { type Html, html } from './html.ts';
import { type Frame, facts, page } from './page.ts';
import { inlineText } from './visible-text.ts';

export const grantsPage = (
  {
    frame,
    now,
    tokenOf,
  }: { readonly frame: Frame; readonly now: EpochMs; readonly tokenOf: (grantId: string) => string },
  grants: readonly Grant[],
): Html =>
  page(
    frame,
    'Live grants',
    grants.length === 0
      ? html`<p>No grant is live.</p>`
      : html`<ul class="plain">${grants.map(
          (grant) => html`<li><h2>${grant.action} on ${inlineText(grant.resource)}</h2>
${grantFacts(grant, now)}
${revokeForm(grant, { path: frame.path, token: tokenOf(grant.id) })}</li>`,
        )}</ul>`,
  );

const STATES: Readonly<Partial<Record<Grant['state'], string>>> = {
  preparing: 'is about to begin',
  activating: 'is being made',
  active: 'active',
};

const grantFacts = (grant: Grant, now: EpochMs): Html =>
  facts([
    ['State', STATES[grant.state] ?? grant.state],
    ['Held by', html`${inlineText(grant.principal.name)} (${inlineText(grant.principal.subject)})`],
    ['Reason', html`<q>${inlineText(grant.reason)}</q>`],
    [
      'Ends',
      'expiresAt' in grant && grant.expiresAt !== undefined ? instant(grant.expiresAt, now) : undefined,
    ],
    ['Grant', html`<code>${grant.id}</code>`],
  ]);

const revokeForm = (
  { id }: Grant,
  { path, token }: { readonly path: string; readonly token: string },
): Html => html`<details><summary>Revoke <span class="unseen">${id}</span></summary>
${form(
  'revoke',
  { action: `${path}/console/grants/${id}`, digest: '', tokenOf: () => token, of: id },
  html`<p>It ends now, with the connections it opened. Its agent can ask again.</p>
${noteField(`note-${id}`, 'Why', true)}
<button type="submit" class="danger">Revoke now</button>`,
)}</details>`;
