import { type Approval, isGranted, isPending } from '../approval/approval.ts';
import { reviewOf } from '../approval/approval-life.ts';
import {
  NOTICE_LIST_MAX_COUNT,
  NOTICE_REASON_MAX_CHARACTERS,
  SECOND_MS,
  SHORT_DIGEST_CHARACTERS,
  SLACK_HEADER_MAX_CHARACTERS,
} from '../limits.ts';
import { buttonValue, SLACK_ACTIONS } from '../slack/button-value.ts';
import { type EpochMs, toIso } from '../time.ts';
import {
  type Block,
  type Button,
  bullets,
  escapeMarkup,
  heading,
  labelled,
  markup,
  plain,
  quote,
  richText,
} from './blocks.ts';
import { type NoticeFacts, noticeStage } from './notice-facts.ts';
import * as words from './notice-words.ts';
import { moreThan, risksOf } from './risks.ts';
import { visibleText } from './visible-text.ts';

/** `text` is what a notification shows, and holds nothing that somebody else could have worded. */
export interface ApprovalMessage {
  readonly text: string;
  readonly blocks: readonly Block[];
}

/** One approval as Slack shows it: within Slack's limits, whatever others wrote. */
export const approvalMessage = (about: NoticeFacts): ApprovalMessage => ({
  text: `${escapeMarkup(titleOf(about))}${askedByOf(about.approval)}`,
  blocks: [
    { type: 'header', text: plain(titleOf(about).slice(0, SLACK_HEADER_MAX_CHARACTERS)) },
    factsOf(about),
    reasonOf(about.approval),
    ...listOf('Look twice', risksOf(about)),
    votesBlock(about.approval),
    { type: 'context', elements: [markup(footOf(about.approval))] },
    { type: 'actions', block_id: 'latchkey', elements: buttonsOf(about) },
  ],
});

/** What wakes people once more: short, with a link to the page, and no button of its own beside those of the message. */
export const reminderMessage = (about: NoticeFacts): ApprovalMessage => {
  const { asked } = about.approval;
  return {
    text: escapeMarkup(titleOf(about)),
    blocks: [
      {
        type: 'context',
        elements: [markup(`${escapeMarkup(titleOf(about))} · Decide by ${slackDate(asked.approveBy)}`)],
      },
      {
        type: 'actions',
        block_id: 'latchkey',
        elements: [
          { type: 'button', action_id: SLACK_ACTIONS.review, text: plain('Review'), url: about.link },
        ],
      },
    ],
  };
};

/** Action and resource are of the configuration. */
const titleOf = ({ approval, resource }: NoticeFacts): string =>
  `${words.STAGE_WORDS[noticeStage(approval)]}: ${approval.asked.action} on ${resource.id} (${resource.env})`;

/** Slack makes links of addresses in a plain text, and a dot makes an address: only a plain word is repeated there. */
const askedByOf = ({ asked }: Approval): string =>
  /^[A-Za-z0-9_-]{1,64}$/.test(asked.requester.name) ? `, asked by ${asked.requester.name}` : '';

const factsOf = (about: NoticeFacts): Block => {
  const { approval, resource, taskName } = about;
  const { asked } = approval;
  return richText(
    labelled('Agent', `${words.nameOf(asked.requester.name)} (${asked.requester.type})`),
    labelled('Owner', words.ownersOf(approval)),
    labelled('Task', words.nameOf(taskName)),
    labelled('Wants', `${asked.action}, ${KINDS[asked.subject.kind]}`),
    labelled('Resource', `${resource.id} (${words.nameOf(resource.description)})`),
    labelled('Where', words.placeOf(about)),
    labelled('For', words.durationOf(asked.seconds)),
    ...givenOf(approval),
    ...(asked.statements.length === 0 ? [] : [heading('What'), bullets(words.statementsOf(approval))]),
  );
};

const KINDS = { grant: 'a grant', run: 'one run', plan: 'a plan of runs' } as const;

/** What people gave, where it is less than what was asked for. */
const givenOf = (approval: Approval) => {
  if (!isGranted(approval)) return [];
  const { asked, granted } = approval;
  if (granted.action === asked.action && granted.seconds === asked.seconds) return [];
  return [labelled('Given instead', `${granted.action} for ${words.durationOf(granted.seconds)}`)];
};

const reasonOf = ({ asked }: Approval): Block =>
  richText(
    heading('Why, in the words of the agent'),
    quote(visibleText(asked.reason, NOTICE_REASON_MAX_CHARACTERS)),
  );

const listOf = (title: string, lines: readonly string[]): readonly Block[] =>
  lines.length === 0 ? [] : [richText(heading(title), bullets(lines))];

const votesBlock = (approval: Approval): Block => {
  const lines = votesOf(approval);
  return richText(heading(words.countOf(approval)), ...(lines.length === 0 ? [] : [bullets(lines)]));
};

const votesOf = (approval: Approval): readonly string[] => [
  ...approval.votes.slice(0, NOTICE_LIST_MAX_COUNT).map(words.voteWords),
  ...(approval.votes.length > NOTICE_LIST_MAX_COUNT ? [moreThan(approval.votes).trim()] : []),
  ...reviewWords(approval),
];

/** Of what somebody did alone: whether anybody else has looked at it. */
const reviewWords = (approval: Approval): readonly string[] => {
  const review = reviewOf(approval);
  if (review === undefined) return [];
  return [review.state === 'open' ? 'Somebody else has to review this' : 'Reviewed'];
};

/** Numbers and our own words only: this is read as markup. */
const footOf = (approval: Approval): string => {
  const { asked, digest } = approval;
  return [
    ...(isPending(approval) ? [`Decide by ${slackDate(asked.approveBy)}`] : []),
    ...(asked.planUntil === null ? [] : [`Plan usable until ${slackDate(asked.planUntil)}`]),
    `Digest \`${digest.slice(0, SHORT_DIGEST_CHARACTERS)}\``,
    'The statement itself is on the page only',
  ].join(' · ');
};

/** In the reader's own time zone, where Slack can tell it. */
const slackDate = (at: EpochMs): string =>
  `<!date^${Math.floor(at / SECOND_MS)}^{date_short_pretty} {time_secs}|${toIso(at)}>`;

const buttonsOf = ({ approval, link, buttons }: NoticeFacts): readonly Button[] => [
  { type: 'button', action_id: SLACK_ACTIONS.review, text: plain('Review'), url: link },
  ...(isPending(approval) && buttons.approve ? [voteButton(approval, 'approve')] : []),
  ...(isPending(approval) ? [voteButton(approval, 'deny')] : []),
];

const voteButton = ({ id, digest }: Approval, decision: 'approve' | 'deny'): Button => ({
  type: 'button',
  action_id: SLACK_ACTIONS[decision],
  text: plain(decision === 'approve' ? 'Approve' : 'Deny'),
  style: decision === 'approve' ? 'primary' : 'danger',
  value: buttonValue({ approvalId: id, digest }),
});
