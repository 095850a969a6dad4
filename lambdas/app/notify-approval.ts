import { type Approval, isPending } from '../core/approval/approval.ts';
import { type Resource, reachOf } from '../core/config/resource.ts';
import { NOTICE_ROUNDS_MAX } from '../core/limits.ts';
import { approvalLink, type NoticeFacts } from '../core/notice/notice-facts.ts';
import { DependencyUnavailable, type Log, type Store } from './ports.ts';
import type {
  MessagePlace,
  Notice,
  NoticeMedium,
  NoticeRecord,
  NoticeStore,
  Notices,
} from './ports-of-notices.ts';

/** The thing that something happened to. Of a grant or a run it is the approval that it waits for now. */
export type NoticeEvent =
  | { readonly approvalId: string }
  | { readonly grantId: string }
  | { readonly runId: string };

export interface NotifyDeps {
  readonly store: Pick<Store, 'readApproval' | 'readGrant' | 'readRun' | 'readTask'>;
  readonly resources: readonly Resource[];
  /** Whether policy lets a button approve this. Whose press it is, is asked again when somebody presses. */
  readonly offersApproval: (approval: Approval) => boolean;
  /** Public base address of the console, without a slash at its end. */
  readonly consoleUrl: string;
  readonly notices: readonly Notices[];
  readonly noticeStore: NoticeStore;
  readonly log: Log;
}

/**
 * Tells people how an approval stands, wherever they have not been told yet, and how the one stands whose place it takes.
 * Safe to repeat: what dies half-way is told again. Throws when a medium could not be told, after all the others were.
 */
export const notifyApproval = async (deps: NotifyDeps, event: NoticeEvent): Promise<void> => {
  const id = await approvalOf(deps, event);
  const told = id === undefined ? NOTHING : await tellUntilCurrent(deps, id);
  const before = told.approval?.supersedes;
  const toldBefore = before === undefined ? NOTHING : await tellUntilCurrent(deps, before);
  const [missed] = [...told.missed, ...toldBefore.missed];
  if (missed !== undefined) throw missed;
};

const approvalOf = async (deps: NotifyDeps, event: NoticeEvent): Promise<string | undefined> => {
  if ('approvalId' in event) return event.approvalId;
  const waiting =
    'grantId' in event ? await deps.store.readGrant(event.grantId) : await deps.store.readRun(event.runId);
  return waiting?.approval;
};

interface Told {
  readonly approval: Approval | undefined;
  /** One for each medium that could not be told. */
  readonly missed: readonly Error[];
}

const NOTHING: Told = { approval: undefined, missed: [] };

/**
 * Two invocations may tell of two versions at once, and the older one may come last. So whoever has told looks again, and
 * tells once more what changed meanwhile: the last word is always the newest state.
 */
const tellUntilCurrent = async (deps: NotifyDeps, id: string): Promise<Told> => {
  let told = NOTHING;
  for (let round = 0; round < NOTICE_ROUNDS_MAX; round += 1) {
    const approval = await deps.store.readApproval(id);
    if (!approval) return told;
    if (approval.version === told.approval?.version) return told;
    told = { approval, missed: await tell(deps, approval, round > 0) };
  }
  return told;
};

/** `isAgain`: something older may have been said last, so nobody is left out. */
const tell = async (deps: NotifyDeps, approval: Approval, isAgain: boolean): Promise<readonly Error[]> => {
  const record = (await deps.noticeStore.read(approval.id)) ?? unsaid(approval.id);
  const due = deps.notices.filter(({ medium }) => isAgain || (record.told[medium] ?? 0) < approval.version);
  if (due.length === 0) return [];
  const notice = await noticeOf(deps, approval, record);
  const tries = await Promise.all(due.map((medium) => tryToTell(deps, medium, notice)));
  const said = tries.filter((attempt) => 'place' in attempt);
  if (said.length > 0) await remember(deps, notice, { record, said });
  return tries.flatMap((attempt) => ('error' in attempt ? [attempt.error] : []));
};

const unsaid = (approval: string): NoticeRecord => ({
  approval,
  told: {},
  reminders: 0,
  message: undefined,
});

const noticeOf = async (deps: NotifyDeps, approval: Approval, record: NoticeRecord): Promise<Notice> => {
  const { asked } = approval;
  const resource = deps.resources.find(({ id }) => id === asked.resource);
  const slackChannel = resource?.approvals?.slackChannel;
  const [task, thread] = await Promise.all([
    deps.store.readTask(asked.task),
    slackChannel === undefined ? undefined : deps.noticeStore.readThread(asked.task, slackChannel),
  ]);
  return {
    facts: {
      approval,
      taskName: task?.name ?? asked.task,
      resource: resource ? shownResource(resource) : goneResource(asked.resource),
      link: approvalLink(deps.consoleUrl, approval.id),
      buttons: {
        approve: isPending(approval) && resource !== undefined && deps.offersApproval(approval),
      },
    },
    slackChannel,
    message: record.message,
    thread,
    isReminder: isPending(approval) && record.message !== undefined && approval.reminders > record.reminders,
  };
};

const shownResource = (resource: Resource): NoticeFacts['resource'] => {
  const { id, description, env, target } = resource;
  return { id, description, env, account: target.account, region: target.region, reach: reachOf(resource) };
};

/** People who were asked are told what became of it, although the configuration has forgotten what it was about. */
const goneResource = (id: string): NoticeFacts['resource'] => ({
  id,
  description: 'no longer in the configuration',
  env: 'unknown',
  account: 'unknown',
  region: 'unknown',
  reach: 'unknown',
});

type Attempt =
  | { readonly medium: NoticeMedium; readonly place: MessagePlace | undefined }
  | { readonly medium: NoticeMedium; readonly error: Error };

/** One medium that is away keeps no other from being told. */
const tryToTell = async (
  { log }: NotifyDeps,
  { medium, tell }: Notices,
  notice: Notice,
): Promise<Attempt> => {
  try {
    return { medium, place: await tell(notice) };
  } catch (error) {
    log('error', 'a medium could not be told', { about: notice.facts.approval.id, dependency: medium });
    return { medium, error: error instanceof Error ? error : new DependencyUnavailable(medium, error) };
  }
};

type Said = readonly Extract<Attempt, { readonly place: unknown }>[];

const remember = async (
  { noticeStore }: NotifyDeps,
  { facts, message: before, thread }: Notice,
  { record, said }: { readonly record: NoticeRecord; readonly said: Said },
): Promise<void> => {
  const { approval } = facts;
  const inSlack = said.find(({ medium }) => medium === 'slack');
  const message = inSlack?.place ?? before;
  const told = Object.fromEntries(said.map(({ medium }) => [medium, approval.version]));
  await noticeStore.save({
    approval: approval.id,
    told: { ...record.told, ...told },
    reminders: inSlack ? approval.reminders : record.reminders,
    message,
  });
  if (message && thread === undefined) await noticeStore.saveThread(approval.asked.task, message);
};
