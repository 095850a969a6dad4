import { type Approval, type Granted, isGranted, isPending } from '../approval/approval.ts';
import {
  NOTICE_LIST_MAX_COUNT,
  NOTICE_NOTE_MAX_CHARACTERS,
  NOTICE_REASON_MAX_CHARACTERS,
  NOTICE_TABLES_MAX_CHARACTERS,
} from '../limits.ts';
import { toIso } from '../time.ts';
import { type NoticeFacts, type NoticeStage, noticeStage } from './notice-facts.ts';
import { nameOf } from './notice-words.ts';
import { risksOf } from './risks.ts';
import { visibleText } from './visible-text.ts';

/**
 * One approval for machines that pass it on: topics and webhooks. It has the link, the facts and the digest; never a
 * statement. Texts of others have a mark for each hidden character and are escaped for nothing: whoever shows them does that.
 */
export interface NoticeSummary {
  readonly version: 1;
  /** The same for each repetition of one notice: delivery is at least once. */
  readonly id: string;
  readonly stage: NoticeStage;
  readonly state: Approval['state'];
  readonly approval: string;
  readonly digest: string;
  readonly link: string;
  readonly subject: { readonly kind: string; readonly id: string };
  readonly agent: { readonly name: string; readonly type: string };
  readonly owners: readonly string[];
  readonly task: { readonly id: string; readonly name: string };
  readonly action: string;
  readonly resource: {
    readonly id: string;
    readonly description: string;
    readonly env: string;
    readonly account: string;
    readonly region: string;
    /** What is reached there, in words. */
    readonly reach: string;
  };
  readonly seconds: number;
  /** What people gave, which may be less than was asked for; null unless they have. */
  readonly granted: Granted | null;
  readonly reason: string;
  /** Of a plan, the first ten. */
  readonly statements: readonly {
    readonly class: string;
    readonly verb: string;
    readonly bounded: boolean;
    readonly tables: string;
    readonly times: number;
  }[];
  readonly risks: readonly string[];
  readonly quorum: number;
  readonly votes: readonly {
    readonly name: string;
    readonly decision: string;
    readonly way: string;
    readonly at: string;
    readonly note: string | null;
  }[];
  /** Null once nobody is asked any more. */
  readonly approveBy: string | null;
}

export const noticeSummary = (about: NoticeFacts): NoticeSummary => {
  const { approval, link, taskName } = about;
  const { asked } = approval;
  return {
    version: 1,
    id: `${approval.id}.${approval.version}`,
    stage: noticeStage(approval),
    state: approval.state,
    approval: approval.id,
    digest: approval.digest,
    link,
    subject: asked.subject,
    agent: { name: nameOf(asked.requester.name), type: asked.requester.type },
    owners: asked.owners.slice(0, NOTICE_LIST_MAX_COUNT).map(({ name }) => nameOf(name)),
    task: { id: asked.task, name: nameOf(taskName) },
    action: asked.action,
    resource: resourceOf(about),
    seconds: asked.seconds,
    granted: isGranted(approval) ? approval.granted : null,
    reason: visibleText(asked.reason, NOTICE_REASON_MAX_CHARACTERS),
    statements: statementsOf(approval),
    risks: risksOf(about),
    quorum: approval.quorum,
    votes: votesOf(approval),
    approveBy: isPending(approval) ? toIso(asked.approveBy) : null,
  };
};

const resourceOf = ({
  resource: { id, description, env, account, region, reach },
}: NoticeFacts): NoticeSummary['resource'] => ({
  id,
  description: nameOf(description),
  env,
  account,
  region,
  reach: nameOf(reach),
});

const statementsOf = ({ asked }: Approval): NoticeSummary['statements'] =>
  asked.statements.slice(0, NOTICE_LIST_MAX_COUNT).map(({ class: kind, verb, bounded, tables, times }) => ({
    class: kind,
    verb: nameOf(verb),
    bounded,
    tables: visibleText(tables.length === 0 ? 'no table' : tables.join(', '), NOTICE_TABLES_MAX_CHARACTERS),
    times,
  }));

const votesOf = ({ votes }: Approval): NoticeSummary['votes'] =>
  votes.slice(0, NOTICE_LIST_MAX_COUNT).map(({ voter, decision, way, at, note }) => ({
    name: nameOf(voter.name),
    decision,
    way,
    at: toIso(at),
    note: note === undefined ? null : visibleText(note, NOTICE_NOTE_MAX_CHARACTERS),
  }));
