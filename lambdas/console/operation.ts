import type { ApprovalPage, ShownStatement } from '../app/show-approval.ts';
import type { AskedStatement } from '../core/approval/approval.ts';
import { consequencesOf } from './action-words.ts';
import { counted, duration } from './amounts.ts';
import { type Html, html } from './html.ts';
import { facts, section } from './page.ts';
import { exactText, inlineText } from './visible-text.ts';

/** What is asked for and what follows from it, whole: nothing here is shortened. */
export const operation = (shown: ApprovalPage): Html => {
  const { asked } = shown.approval;
  return section(
    'operation',
    'What is asked for',
    html`${statements(shown)}
${facts([
  ['Action', html`<code>${asked.action}</code>`],
  ['Profile', asked.profile ? html`<code>${inlineText(asked.profile)}</code>` : undefined],
  ['On', resourceWords(shown)],
  ['Reason, in the words of the one who asks', html`<q>${inlineText(asked.reason)}</q>`],
  [asked.subject.kind === 'run' ? 'Its grant lasts' : 'For', duration(asked.seconds)],
])}
<h3>What happens when it is approved</h3>
<ul>${consequencesOf(asked).map((sentence) => html`<li>${sentence}</li>`)}</ul>
${rights(shown)}${sensitive(shown)}`,
  );
};

const resourceWords = ({ approval, resource }: ApprovalPage): Html =>
  resource
    ? html`<strong>${inlineText(resource.id)}</strong> in <strong class="env">${inlineText(resource.env)}</strong>: ${inlineText(resource.description)}.
It leads to ${inlineText(resource.reach)}, account ${inlineText(resource.account)}, ${inlineText(resource.region)}`
    : html`<strong>${inlineText(approval.asked.resource)}</strong>, which is no longer in the configuration`;

const statements = (shown: ApprovalPage): Html | undefined => {
  if (shown.statements === 'erased')
    return html`<p class="refused">The statements were erased. What is left of them is in the trail.</p>`;
  if (shown.statements === 'exchanged')
    return html`<p class="refused">What is kept is not what is asked for: somebody has exchanged it, so it is not shown and cannot be approved. Tell the team that runs Latchkey.</p>`;
  const { length } = shown.statements;
  return html`${shown.statements.map((statement, index) => {
    const name = length > 1 ? `Statement ${index + 1} of ${length}` : 'The statement, whole';
    return html`<h3>${name}</h3>
${exactText(statement.sql)}
${parameters(statement.params)}
${facts(statementFacts(statement))}`;
  })}`;
};

const statementFacts = ({ about, maxRows, estimatedRows, used }: ShownStatement) =>
  [
    ['Kind', `${about.verb} (${about.class})`],
    ['Tables', about.tables.length > 0 ? inlineText(about.tables.join(', ')) : 'none'],
    ['Rows it touches, as the database estimates', estimatedRows === null ? 'not known' : estimatedRows],
    ['Rows it may return', maxRows],
    ['May run', `${counted(about.times, 'time', 'times')}, has run ${counted(used, 'time', 'times')}`],
    ['Bounds', boundWords(about)],
  ] as const;

const boundWords = ({ class: kind, bounded }: AskedStatement): Html | string | undefined => {
  if (kind === 'read') return undefined;
  return bounded
    ? 'It names which rows it changes.'
    : html`<strong>It does not name which rows it changes: it may change all of them.</strong>`;
};

const parameters = (params: readonly (string | null)[]): Html | undefined =>
  params.length === 0
    ? undefined
    : html`<h4>Its parameters</h4>
<dl>${params.map((value, index) => html`<dt>$${index + 1}</dt><dd>${value === null ? 'NULL' : exactText(value)}</dd>`)}</dl>`;

const rights = ({ rightsLines }: ApprovalPage): Html | undefined =>
  rightsLines.length === 0
    ? undefined
    : html`<h3>The rights that it gives</h3>
<ul>${rightsLines.map((line) => html`<li><code>${inlineText(line)}</code></li>`)}</ul>`;

const sensitive = ({ sensitive: columns }: ApprovalPage): Html | undefined =>
  columns.length === 0
    ? undefined
    : html`<h3>Sensitive columns in reach</h3>
<ul>${columns.map(
        ({ column, category, isMasked }) =>
          html`<li><code>${inlineText(column)}</code> (${inlineText(category)}): ${isMasked ? 'hidden' : html`<strong>shown as it is</strong>`}</li>`,
      )}</ul>`;
