import type { NoticeFacts } from '../core/notice/notice-facts.ts';

/** Where people are told of approvals. */
export type NoticeMedium = 'slack' | 'sns' | 'webhook';

/** One message in one channel of Slack. `ts` is its name there. */
export interface MessagePlace {
  readonly channel: string;
  readonly ts: string;
}

/** What is to be told, and what a medium that shows messages has shown before. */
export interface Notice {
  readonly facts: NoticeFacts;
  /** Of the resource; undefined: nobody is told in Slack. */
  readonly slackChannel: string | undefined;
  /** What is changed instead of writing anew. */
  readonly message: MessagePlace | undefined;
  /** The first message of the task in that channel: the others are answers to it. */
  readonly thread: string | undefined;
  /** A change would wake nobody, so something has to be said besides. */
  readonly isReminder: boolean;
}

/**
 * One medium. It may be told the same twice and is never told less than once. Throws `DependencyUnavailable` when it
 * cannot be told that this was said. Answers where the message is, where there is such a thing.
 */
export interface Notices {
  readonly medium: NoticeMedium;
  tell(notice: Notice): Promise<MessagePlace | undefined>;
}

/** What has been told of one approval. */
export interface NoticeRecord {
  readonly approval: string;
  /** The approval's version that each medium was told last. */
  readonly told: Readonly<Partial<Record<NoticeMedium, number>>>;
  /** How many of its reminders were said in Slack. */
  readonly reminders: number;
  readonly message: MessagePlace | undefined;
}

/** Kept apart from everything that is decided on: whoever can write it can write nothing else. */
export interface NoticeStore {
  read(approvalId: string): Promise<NoticeRecord | undefined>;
  save(record: NoticeRecord): Promise<void>;
  readThread(taskId: string, channel: string): Promise<string | undefined>;
  /** The first one stands: threads are not moved. */
  saveThread(taskId: string, place: MessagePlace): Promise<void>;
}
