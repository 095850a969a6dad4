import type { Approval, AskedStatement, Vote } from '../approval/approval.ts';
import { approvalsGiven } from '../approval/consent.ts';
import {
  NOTICE_LIST_MAX_COUNT,
  NOTICE_NAME_MAX_CHARACTERS,
  NOTICE_NOTE_MAX_CHARACTERS,
  NOTICE_TABLES_MAX_CHARACTERS,
} from '../limits.ts';
import type { NoticeFacts, NoticeStage } from './notice-facts.ts';
import { moreThan } from './risks.ts';
import { visibleText } from './visible-text.ts';

/** How each stage begins; action and resource follow. */
export const STAGE_WORDS: Readonly<Record<NoticeStage, string>> = {
  pending: 'Approval wanted',
  reminder: 'Still waiting for approval',
  approved: 'Approved',
  broken_glass: 'Emergency access, by one person alone',
  denied: 'Denied',
  lapsed: 'Nobody decided in time',
  cancelled: 'Withdrawn',
  superseded: 'Asked again, in a newer message',
};

export const nameOf = (text: string): string => visibleText(text, NOTICE_NAME_MAX_CHARACTERS);

/** `1 h 30 min`, `15 min`, `90 s` */
export const durationOf = (seconds: number): string => {
  if (seconds < 120 || seconds % 60 !== 0) return `${seconds} s`;
  const hours = Math.floor(seconds / 3_600);
  const minutes = (seconds % 3_600) / 60;
  return [hours > 0 ? `${hours} h` : '', minutes > 0 ? `${minutes} min` : ''].filter(Boolean).join(' ');
};

export const ownersOf = ({ asked }: Approval): string =>
  asked.owners.length === 0
    ? 'nobody'
    : asked.owners
        .slice(0, NOTICE_LIST_MAX_COUNT)
        .map(({ name }) => nameOf(name))
        .join(', ') + moreThan(asked.owners);

export const placeOf = ({ resource: { env, account, region, reach } }: NoticeFacts): string =>
  [env, `account ${account}`, region, nameOf(reach)].join(' · ');

/** What a statement is, never its text: constants are on the page, and only there. */
const statementWords = (statement: AskedStatement): string => {
  const { class: kind, verb, bounded, tables, times } = statement;
  const where = tables.length === 0 ? 'no table' : tables.join(', ');
  const form = bounded ? 'bounded' : 'unbounded';
  const often = times === 1 ? '' : `, up to ${times} times`;
  return `${nameOf(verb)} (${kind}, ${form}${often}) on ${visibleText(where, NOTICE_TABLES_MAX_CHARACTERS)}`;
};

export const statementsOf = ({ asked: { statements } }: Approval): readonly string[] => [
  ...statements.slice(0, NOTICE_LIST_MAX_COUNT).map(statementWords),
  ...(statements.length > NOTICE_LIST_MAX_COUNT
    ? [`${statements.length - NOTICE_LIST_MAX_COUNT} more statements, on the page`]
    : []),
];

const WAYS: Readonly<Record<Vote['way'], string>> = {
  page: 'on the page',
  button: 'in Slack',
  break_glass: 'alone, in an emergency',
};

export const voteWords = ({ voter, decision, way, note }: Vote): string => {
  const said = `${nameOf(voter.name)} ${decision === 'approve' ? 'approved' : 'denied'} ${WAYS[way]}`;
  return note === undefined ? said : `${said}: ${visibleText(note, NOTICE_NOTE_MAX_CHARACTERS)}`;
};

/** `1 of 2 approvals` */
export const countOf = (approval: Approval): string =>
  `${approvalsGiven(approval)} of ${approval.quorum} ${approval.quorum === 1 ? 'approval' : 'approvals'}`;
