import type { VoteWay } from '../lambdas/core/approval/approval.ts';
import type { Actor, AuditEvent } from '../lambdas/core/audit/event.ts';
import type { Scene } from './audit-replay.ts';
import { type Output, paint, printable, tableLines } from './terminal.ts';

/** Rows of an answer that are shown; the rest is counted. */
const ROWS_SHOWN = 10;

/**
 * One scene as people read it: what happened, then the statement or the answer it is about. Colours are ours; whatever
 * else could command the terminal came from a caller or a database.
 */
export const sceneLines = (output: Output, scene: Scene): readonly string[] => {
  const [title = scene.entry.event.type, ...details] = told(scene.entry.event).map(inOneLine);
  return [
    paint(output, 'bold', title),
    ...details.map((detail) => `  ${detail}`),
    ...statementLines(scene).map((line) => `  ${paint(output, 'yellow', inOneLine(line))}`),
    ...answerLines(output, scene).map((line) => `  ${line}`),
    ...(scene.erased ? [`  ${paint(output, 'dim', ERASED)}`] : []),
  ];
};

/** A line break in a value could begin what looks like a scene of its own. */
const inOneLine = (text: string): string => printable(text).replaceAll('\n', '↵');

const ERASED = 'erased, or past its retention: the trail keeps its hash';

const statementLines = ({ asked }: Scene): readonly string[] => {
  if (!asked) return [];
  const params = asked.params.map((param, index) => `$${index + 1} = ${param ?? 'NULL'}`);
  return [...asked.sql.split('\n'), ...(params.length > 0 ? [params.join(', ')] : [])];
};

const answerLines = (output: Output, { result }: Scene): readonly string[] => {
  if (!result) return [];
  if (result.words !== null) return result.words.split('\n').map(inOneLine);
  const rows = result.rows.slice(0, ROWS_SHOWN).map((row) => row.map((cell) => inOneLine(cell ?? 'NULL')));
  const left = result.rows.length - rows.length;
  return [
    ...tableLines(
      output,
      result.columns.map(({ name }) => inOneLine(name)),
      rows,
    ),
    ...(left > 0 ? [`… and ${left} more rows`] : []),
    ...result.notices.flatMap((notice) => notice.split('\n')).map((line) => `notice: ${inOneLine(line)}`),
  ];
};

/** The first line is a title. Events that say all by their name need no more. */
const told = (event: AuditEvent): readonly string[] => {
  const who = nameOf(event.actor);
  switch (event.type) {
    case 'task.opened':
      return [`${who} opens the task “${event.name}”`];
    case 'grant.requested':
      return [
        `${who} asks for ${event.action} on ${event.resource} for ${event.requestedSeconds} s`,
        `because: ${event.reason}`,
        decided(event.decision, event.quorum, event.determinedBy),
      ];
    case 'grant.active':
      return [`${who} makes the grant active`, `after ${event.activeAfterMs} ms`];
    case 'credential.issued':
      return [
        `${who} is given credential ${event.ordinal}`,
        `as ${event.target.user} on ${event.target.host ?? event.target.resourceId}`,
      ];
    case 'run.requested':
      return [
        `${who} runs a statement: ${event.verb}${event.bounded ? '' : ', unbounded'}`,
        decided(event.decision, event.quorum, event.determinedBy),
      ];
    case 'run.refused':
      return [`${who} is refused a statement by its form`, `at: ${event.part}`];
    case 'run.started':
      return [
        'the statement is executed',
        `estimate: ${event.estimatedRows ?? 'none'} rows; masked columns: ${list(event.maskedColumns)}`,
      ];
    case 'run.held':
      return [`the statement waits for ${event.quorum} people`];
    case 'run.ended':
      return [
        `the statement ends: ${event.code}${event.detail === null ? '' : ` (${event.detail})`}`,
        `${event.rowCount} rows, ${event.durationMs ?? 0} ms; masked: ${counted(event.masked)}`,
      ];
    case 'grant.ended':
      return [`${who} ends the grant: ${event.cause}`];
    case 'ending.proved':
      return [`access is proved dead`, `after ${event.deadAfterMs} ms`];
    case 'task.ended':
      return [`${who} ends the task: ${event.cause}`];
    default:
      return toldOfPeople(event, who) ?? [`${who}: ${event.type}`];
  }
};

/** What people were asked, what they said, and what came of it. */
const toldOfPeople = (event: AuditEvent, who: string): readonly string[] | undefined => {
  switch (event.type) {
    case 'approval.requested':
      return [
        `${event.quorum === 1 ? 'one person is' : `${event.quorum} people are`} asked about the ${event.subject.kind}`,
        `until ${new Date(event.approveBy).toISOString()}, because of ${list(event.askedBy.map(({ id }) => id))}`,
        ...(event.supersedes === null ? [] : ['once more: what was approved before is of no use any more']),
      ];
    case 'approval.inspected':
      return [
        'the target says what the statements would do',
        `estimate: ${list(event.estimatedRows.map((rows) => `${rows ?? 'no'} rows`))}; masked columns: ${list(event.maskedColumns)}`,
      ];
    case 'approval.voted':
      return [
        `${who} ${WORD_OF[event.way][event.decision]}${event.state === 'pending' ? ', and more people are needed' : ''}`,
        ...(event.granted === null ? [] : [`gives ${event.granted.action} for ${event.granted.seconds} s`]),
        ...(event.note === null ? [] : [`says: ${event.note}`]),
      ];
    case 'approval.reminded':
      return [`people are reminded (${event.reminders})`];
    case 'plan.requested':
      return [`${who} asks people about a plan`];
    case 'approval.used':
      return event.statement === null
        ? ['what people approved is used up', `by: ${event.by}`]
        : [`statement ${event.statement + 1} of the plan is used once`, `by: ${event.by}`];
    case 'approval.closed':
      return [`the approval is ${event.state}`, `because: ${event.cause}`];
    case 'approval.review_closed':
      return [`${who} has reviewed the emergency`, `says: ${event.note}`];
    case 'grant.approved':
      return [
        'people have approved the grant',
        `given: ${event.granted.action} for ${event.granted.seconds} s, by ${event.consent.approvals} people`,
      ];
    case 'run.approved':
      return ['people have approved the statement', `by ${event.consent.approvals} people`];
    case 'grant.denied':
    case 'run.denied':
      return [`the ${event.type === 'grant.denied' ? 'grant' : 'statement'} is denied: ${event.denial}`];
    case 'grant.held':
      return [`the grant waits for ${event.quorum} people`];
    default:
      return undefined;
  }
};

const WORD_OF: Readonly<Record<VoteWay, Readonly<Record<'approve' | 'deny', string>>>> = {
  page: { approve: 'approves', deny: 'denies' },
  button: { approve: 'approves from the message', deny: 'denies from the message' },
  break_glass: { approve: 'goes ahead alone in an emergency', deny: 'denies' },
};

const nameOf = (actor: Actor): string => {
  if (actor.kind === 'principal') return actor.name;
  return actor.kind === 'operator' ? actor.arn : `latchkey ${actor.function}`;
};

const decided = (
  decision: string,
  quorum: number,
  determinedBy: readonly { readonly id: string; readonly reason: string | undefined }[],
): string => {
  const word = decision === 'needs_approval' ? `needs ${quorum} people` : decision;
  return `${word} by ${list(determinedBy.map(({ id }) => id))}`;
};

const list = (words: readonly string[]): string => (words.length === 0 ? 'none' : words.join(', '));

const counted = (masked: Readonly<Record<string, number>>): string =>
  list(Object.entries(masked).map(([category, count]) => `${category} ${count}`));
