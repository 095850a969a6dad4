import type { Approval, Asked, Granted } from '../core/approval/approval.ts';
import { isRunAction, type ResourceAction, type VendAction } from '../core/config/resource.ts';
import { counted, duration, spokenDuration } from './amounts.ts';
import { type Html, html } from './html.ts';
import { inlineText } from './visible-text.ts';

/** What an approval would allow, in a few words for a title or a list. */
export const titleOf = ({ asked }: Pick<Approval, 'asked'>): string => {
  if (asked.subject.kind === 'run') return `Run one statement: ${WORDS[asked.action]}`;
  if (asked.subject.kind === 'plan')
    return `Run a plan of ${asked.statements.length}: ${WORDS[asked.action]}`;
  return isRunAction(asked.action)
    ? `Run statements: ${WORDS[asked.action]}`
    : `Hand over ${WORDS[asked.action]}`;
};

/** The same within a sentence that begins with who wants it. */
export const wishOf = ({ subject, statements, action, seconds }: Asked): string => {
  if (subject.kind === 'run') return 'to run one statement';
  if (subject.kind === 'plan')
    return `to run a plan of ${counted(statements.length, 'statement', 'statements')}`;
  const what = isRunAction(action) ? `to run statements (${WORDS[action]})` : WORDS[action];
  return `${what} for ${spokenDuration(seconds)}`;
};

/** `update on public.orders`, and what has no bounds says so; undefined where no statement is known yet. */
export const statementsInShort = ({ statements }: Asked): Html | undefined =>
  statements.length === 0
    ? undefined
    : html`${statements.map(
        ({ verb, tables, bounded, class: kind }, index) =>
          html`${index > 0 && '; '}${verb} on ${tables.length > 0 ? inlineText(tables.join(', ')) : 'no table'}${
            kind !== 'read' && !bounded && html` <strong>without bounds</strong>`
          }`,
      )}`;

const WORDS: Readonly<Record<ResourceAction, string>> = {
  'postgres:connect': 'a login',
  'mysql:connect': 'a login',
  'aws:assume': 'an AWS session',
  'ssh:connect': 'an SSH login',
  'eks:connect': 'a Kubernetes login',
  'postgres:read': 'read',
  'postgres:write': 'write',
  'postgres:ddl': 'change definitions',
};

/** How people may answer a request, as a choice reads. */
export const offerWords = (offer: Granted, asked: Asked): string => {
  if (offer.action === asked.action) return `As asked: ${offer.action}, at most ${duration(offer.seconds)}`;
  const instead = isRunAction(offer.action)
    ? 'no login is handed over; each statement is checked and run by Latchkey'
    : WORDS[offer.action];
  return `Less than asked: ${offer.action} – ${instead}, at most ${duration(offer.seconds)}`;
};

/** What follows from a yes, whole sentences. */
export const consequencesOf = (asked: Asked): readonly string[] => {
  if (asked.subject.kind === 'run')
    return ['The statement above is executed once, as it stands, with the rights of the role for its class.'];
  if (asked.subject.kind === 'plan')
    return [
      'Each statement above may be executed as it stands, as often as it says and no more.',
      'Nobody is asked again before each of them.',
    ];
  return isRunAction(asked.action) ? RUN_GRANT : VENDED[asked.action];
};

const RUN_GRANT = [
  'No login is handed over: Latchkey executes each statement itself, checks it, records it and masks its answer.',
  'Statements that policy wants people for are asked about again, one by one.',
];

const LOGIN = [
  'A login to the database is handed to the agent’s code. Its statements will not be checked, recorded or approved one by one.',
  'Whatever the role may do, the agent may do until the login ends, and it is ended with its connections when the time is over.',
];

/** What follows from handing over each kind of credential. */
const VENDED: Readonly<Record<VendAction, readonly string[]>> = {
  'postgres:connect': LOGIN,
  'mysql:connect': LOGIN,
  'aws:assume': [
    'Temporary keys of an AWS role are handed to the agent’s code, cut down to the profile. Its calls are in CloudTrail under the id of the grant, and not checked one by one here.',
    'Whatever the profile allows, the agent may do until the time is over; ended early, AWS takes seconds to minutes to refuse the keys everywhere.',
  ],
  'ssh:connect': [
    'The agent’s own key is let in on the machine for a minute, as the user that is named. What it does there will not be checked, recorded or approved one by one.',
    'Its sessions are ended when the time is over.',
  ],
  'eks:connect': [
    'A login to the cluster is handed to the agent’s code, with the rights of one role in one namespace. Its requests are in the cluster’s audit log and not checked one by one here.',
    'The rights are taken away when the time is over.',
  ],
};

const STATES: Readonly<Record<Approval['state'], string>> = {
  pending: 'Waiting for people',
  approved: 'Approved, not used yet',
  consumed: 'Approved and used',
  superseded: 'Asked anew in another approval',
  cancelled: 'Withdrawn, or over before anybody decided',
  lapsed: 'Nobody decided or used it in time',
  denied: 'Denied',
};

export const stateWords = (state: Approval['state']): string => STATES[state];
