import type { ListedContainment, ShownContainment, StillEnding } from '../app/list-containments.ts';
import type { Containment, ContainmentScope, PassFound, Word } from '../core/containment/containment.ts';
import { SCOPE_KINDS } from '../core/containment/containment.ts';
import { NAME_MAX_CHARACTERS } from '../core/limits.ts';
import type { EpochMs } from '../core/time.ts';
import { counted, instant } from './amounts.ts';
import { type FormParts, form, noteField } from './form.ts';
import { type Html, html } from './html.ts';
import { type Frame, facts, page, section } from './page.ts';
import { inlineText } from './visible-text.ts';

/** What a page of stops needs beside them. `placing` is of the form that places one. */
export interface StopsParts {
  readonly frame: Frame;
  readonly now: EpochMs;
  readonly partsOf: (id: string) => FormParts;
}

export const containmentsPage = (
  parts: StopsParts & { readonly placing: FormParts },
  listed: readonly ListedContainment[],
): Html =>
  page(
    parts.frame,
    'Containments',
    html`${listed.length === 0 ? html`<p>Nothing is stopped that you may see.</p>` : stops(parts, listed)}
${section('contain', 'Stop access', placeForm(parts.placing))}`,
  );

const stops = (parts: StopsParts, listed: readonly ListedContainment[]): Html =>
  html`<ul class="plain">${listed.map(
    (
      one,
    ) => html`<li><h2><a href="${parts.frame.path}/console/containments/${one.containment.id}">${titleOf(one.containment)}</a></h2>
${containmentFacts(one.containment, parts.now)}
${one.mayLift && liftForm(one.containment, parts)}</li>`,
  )}</ul>`;

export const containmentPage = (
  parts: StopsParts,
  { containment, stillEnding, mayLift }: ShownContainment,
): Html =>
  page(
    parts.frame,
    `Containment of ${scopeWords(containment)}`,
    html`${containmentFacts(containment, parts.now)}
${section('ending', 'Still being ended', endings(containment, stillEnding))}
${mayLift && liftForm(containment, parts)}`,
  );

const STATES: Readonly<Record<Containment['state'], string>> = {
  holding: 'holds: every use within is refused, and what lives there is being ended',
  settled: 'holds, and nothing within goes on: two passes have found nothing',
  lifted: 'lifted',
};

const titleOf = (containment: Containment): Html =>
  html`${inlineText(scopeWords(containment))}${containment.state === 'lifted' && ' (lifted)'}`;

const scopeWords = ({ scope, holders }: Pick<Containment, 'scope' | 'holders'>): string => {
  if (scope.kind === 'everything') return 'everything';
  const names = [...new Set(holders.map(({ name }) => name))].join(', ');
  return scope.kind === 'principal' && names !== '' ? `principal ${names}` : `${scope.kind} ${scope.key}`;
};

const containmentFacts = (containment: Containment, now: EpochMs): Html => {
  const lifted = containment.state === 'lifted' ? containment.lifted : undefined;
  return facts([
    ['State', STATES[containment.state]],
    ['Stopped', html`<code>${inlineText(keyWords(containment.scope))}</code>`],
    ['Placed', wordOf(containment.placed, now)],
    ['Why', html`<q>${inlineText(containment.placed.why)}</q>`],
    ['Last pass', containment.lastPass && passWords(containment.lastPass, now)],
    ['Lifted', lifted && wordOf(lifted, now)],
    ['Why lifted', lifted && html`<q>${inlineText(lifted.why)}</q>`],
    ['Containment', html`<code>${containment.id}</code>`],
  ]);
};

const keyWords = ({ kind, key }: ContainmentScope): string =>
  kind === 'everything' ? kind : `${kind} ${key}`;

const wordOf = ({ by, at }: Word, now: EpochMs): Html =>
  html`by ${inlineText(by.name)} (${inlineText(by.subject)}), ${instant(at, now)}`;

const passWords = ({ at, grants, runs, approvals, tasks, owed }: PassFound, now: EpochMs): Html =>
  html`${instant(at, now)}: ended ${counted(grants, 'grant', 'grants')}, ${counted(runs, 'run', 'runs')}, ${counted(approvals, 'plan', 'plans')} and ${counted(tasks, 'task', 'tasks')}; ${owed} not at their end then`;

const endings = ({ state }: Containment, { count, grants, runs }: StillEnding): Html => {
  if (count === 0)
    return state === 'lifted'
      ? html`<p>It is lifted: what lives there is not its matter any more.</p>`
      : html`<p>Nothing goes on now.</p>`;
  return html`<p>${counted(count, 'thing is', 'things are')} not at the end.</p>
<ul>${grants.map(
    ({ id, status, attempts, lastError }) =>
      html`<li><code>${id}</code>: ${GRANT_WORDS[status]}${attempts > 0 && `, tried ${counted(attempts, 'time', 'times')}`}${lastError !== undefined && html`, last <code>${inlineText(lastError)}</code>`}</li>`,
  )}${runs.map((id) => html`<li><code>${id}</code>: a run that has begun, or is about to</li>`)}</ul>
${count > grants.length + runs.length && html`<p>And ${count - grants.length - runs.length} more.</p>`}`;
};

const GRANT_WORDS = {
  open: 'no pass has come to it yet; it gives nothing',
  pending: 'over, and about to be proved dead',
  quarantined: 'over, and could not be proved dead: its access may still be open',
} as const;

const SCOPE_WORDS: Readonly<Record<ContainmentScope['kind'], string>> = {
  principal: 'A principal: the name in principals.yaml, or the key of 32 hex digits',
  task: 'A task, by its id',
  resource: 'A resource, by its id',
  everything: 'Everything',
};

const placeForm = (parts: FormParts): Html =>
  form(
    'contain',
    parts,
    html`<p>Every use within is refused at once, and what lives there is ended, with its connections. Only somebody else can lift it, and nothing that was ended comes back.</p>
<fieldset>
<legend>What to stop</legend>
${SCOPE_KINDS.map(
  (
    kind,
  ) => html`<label class="choice"><input type="radio" name="scope" value="${kind}" required> ${SCOPE_WORDS[kind]}</label>
`,
)}</fieldset>
<label for="key">Which one</label>
<p class="hint" id="key-hint">Empty for everything.</p>
<input id="key" name="key" type="text" maxlength="${NAME_MAX_CHARACTERS}" autocomplete="off" spellcheck="false" aria-describedby="key-hint">
${noteField('contain-note', 'Why', true)}
<button type="submit" class="danger">Stop it now</button>`,
  );

const liftForm = (containment: Containment, { partsOf }: StopsParts): Html =>
  html`<details><summary>Lift <span class="unseen">${containment.id}</span></summary>
${form(
  'lift',
  { ...partsOf(containment.id), of: containment.id },
  html`<p>Access is given again to what asks anew. What was ended stays ended.</p>
${noteField(`lift-${containment.id}`, 'Why', true)}
<button type="submit" class="danger">Lift it</button>`,
)}</details>`;
