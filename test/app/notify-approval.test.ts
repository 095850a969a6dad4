import assert from 'node:assert/strict';
import { afterEach, beforeEach, test } from 'node:test';
import { dynamoNoticeStore } from '../../lambdas/adapters/dynamo/notice-store.ts';
import { type NotifyDeps, notifyApproval } from '../../lambdas/app/notify-approval.ts';
import { DependencyUnavailable } from '../../lambdas/app/ports.ts';
import type { Notice, NoticeMedium, Notices } from '../../lambdas/app/ports-of-notices.ts';
import type { Approval } from '../../lambdas/core/approval/approval.ts';
import type { Grant } from '../../lambdas/core/grant/grant.ts';
import type { Task } from '../../lambdas/core/grant/task.ts';
import {
  APPROVAL_ID,
  ASKED,
  closed,
  NEWER_APPROVAL_ID,
  PENDING,
  TASK_ID,
  VOTE,
} from '../support/approvals.ts';
import { NOW, RESOURCE } from '../support/facts.ts';
import { startTables, type TestTables } from '../support/tables.ts';

const CHANNEL = 'C0APPROVALS';
const MEDIA: readonly NoticeMedium[] = ['slack', 'sns', 'webhook'];
let tables: TestTables;

/** Media that remember what they were told; each can be away, and a test may do something while one is told. */
const startScene = () => {
  const told: { medium: NoticeMedium; notice: Notice }[] = [];
  const away = new Set<NoticeMedium>();
  const approvals = new Map<string, Approval>([[PENDING.id, PENDING]]);
  const control: { meanwhile: ((medium: NoticeMedium) => void) | undefined } = { meanwhile: undefined };
  const remembered = (medium: NoticeMedium): Notices => ({
    medium,
    async tell(notice) {
      if (away.has(medium)) throw new DependencyUnavailable(medium, undefined);
      told.push({ medium, notice });
      control.meanwhile?.(medium);
      if (medium !== 'slack' || notice.slackChannel === undefined) return undefined;
      return notice.message ?? { channel: notice.slackChannel, ts: `${told.length}.000100` };
    },
  });
  const deps: NotifyDeps = {
    store: {
      readApproval: async (id) => approvals.get(id),
      readGrant: async () => undefined,
      readRun: async () => undefined,
      readTask: async () => ({ name: 'clean up' }) as Task,
    },
    resources: [{ ...RESOURCE, approvals: { slackChannel: CHANNEL } }],
    offersApproval: () => true,
    consoleUrl: 'https://latchkey.example.com',
    notices: MEDIA.map(remembered),
    noticeStore: dynamoNoticeStore(tables.connection),
    log: () => undefined,
  };
  const of = (medium: NoticeMedium) =>
    told.filter((one) => one.medium === medium).map(({ notice }) => notice);
  return { deps, told, away, approvals, control, of };
};
type Scene = ReturnType<typeof startScene>;
let scene: Scene;

beforeEach(async () => {
  tables = await startTables(() => NOW);
  scene = startScene();
});
afterEach(() => tables.close());

const notify = (change: Partial<NotifyDeps> = {}, id = APPROVAL_ID) =>
  notifyApproval({ ...scene.deps, ...change }, { approvalId: id });

test('every medium is told once of each version', async () => {
  await notify();
  await notify();
  assert.deepEqual(
    scene.told.map(({ medium }) => medium),
    MEDIA,
  );
  scene.approvals.set(APPROVAL_ID, { ...PENDING, version: 2, votes: [VOTE] });
  await notify();
  assert.equal(scene.told.length, 6);
});

test('the first notice is a new message, every later one changes it', async () => {
  await notify();
  scene.approvals.set(APPROVAL_ID, { ...PENDING, version: 2, votes: [VOTE] });
  await notify();
  const [first, second] = scene.of('slack');
  assert.equal(first?.message, undefined);
  assert.equal(first?.slackChannel, CHANNEL);
  assert.deepEqual(second?.message, { channel: CHANNEL, ts: '1.000100' });
});

test('a notice says what the approval says, where its page is and whether a button may approve', async () => {
  await notify();
  const { facts } = scene.of('sns')[0] ?? assert.fail();
  assert.equal(facts.approval, PENDING);
  assert.equal(facts.taskName, 'clean up');
  assert.equal(facts.link, `https://latchkey.example.com/console/approvals/${APPROVAL_ID}`);
  assert.equal(facts.buttons.approve, true);
  assert.equal(facts.resource.env, RESOURCE.env);
});

test('a button approves nothing where policy does not let it, nor of a resource that is gone', async () => {
  await notify({ offersApproval: () => false });
  scene.approvals.set(APPROVAL_ID, { ...PENDING, version: 2 });
  await notify({ resources: [] });
  assert.deepEqual(
    scene.of('sns').map(({ facts }) => facts.buttons.approve),
    [false, false],
  );
  assert.equal(scene.of('sns')[1]?.facts.resource.description, 'no longer in the configuration');
});

test('one medium that is away keeps no other from being told, and is told when it is tried again', async () => {
  scene.away.add('sns');
  await assert.rejects(notify(), { name: 'DependencyUnavailable', dependency: 'sns' });
  assert.deepEqual([scene.of('slack').length, scene.of('webhook').length], [1, 1]);
  scene.away.clear();
  await notify();
  assert.deepEqual(
    MEDIA.map((medium) => scene.of(medium).length),
    [1, 1, 1],
  );
});

test('what was said and not remembered is said again, never lost', async () => {
  tables.dynamo.setFaults((operation) => (operation === 'PutItem' ? 'throttle' : undefined));
  await assert.rejects(notify());
  tables.dynamo.setFaults(undefined);
  await notify();
  assert.equal(scene.of('slack').length, 2);
  await notify();
  assert.equal(scene.of('slack').length, 2);
});

test('what changes while people are told is told after it', async () => {
  const voted = { ...PENDING, version: 2, votes: [VOTE] };
  scene.control.meanwhile = (medium) => {
    if (medium === 'slack') scene.approvals.set(APPROVAL_ID, voted);
  };
  await notify();
  assert.deepEqual(
    scene.of('slack').map(({ facts }) => facts.approval.version),
    [1, 2],
  );
});

test('an invocation that was overtaken says the newest word once more', async () => {
  const voted = { ...PENDING, version: 2, votes: [VOTE] };
  let isFirst = true;
  const overtaken = {
    ...scene.deps,
    store: {
      ...scene.deps.store,
      readApproval: async () => {
        const was = isFirst ? PENDING : voted;
        isFirst = false;
        return was;
      },
    },
  };
  scene.approvals.set(APPROVAL_ID, voted);
  await notify();
  await dynamoNoticeStore(tables.connection).save({
    approval: APPROVAL_ID,
    told: {},
    reminders: 0,
    message: undefined,
  });
  await notifyApproval(overtaken, { approvalId: APPROVAL_ID });
  assert.equal(scene.of('slack').at(-1)?.facts.approval.version, 2);
});

test('all approvals of one task in one channel are in one thread', async () => {
  await notify();
  const another = { ...PENDING, id: NEWER_APPROVAL_ID };
  scene.approvals.set(another.id, another);
  await notify({}, another.id);
  assert.deepEqual(
    scene.of('slack').map(({ thread }) => thread),
    [undefined, '1.000100'],
  );
  assert.equal(await scene.deps.noticeStore.readThread(TASK_ID, CHANNEL), '1.000100');
});

test('the beginning of a thread is never moved', async () => {
  const { noticeStore } = scene.deps;
  await noticeStore.saveThread(TASK_ID, { channel: CHANNEL, ts: '1.1' });
  await noticeStore.saveThread(TASK_ID, { channel: CHANNEL, ts: '2.2' });
  await noticeStore.saveThread(TASK_ID, { channel: 'C0OTHER', ts: '3.3' });
  assert.equal(await noticeStore.readThread(TASK_ID, CHANNEL), '1.1');
  assert.equal(await noticeStore.readThread(TASK_ID, 'C0OTHER'), '3.3');
});

test('each reminder is said once, and none where nothing was said before', async () => {
  scene.approvals.set(APPROVAL_ID, { ...PENDING, version: 2, reminders: 1 });
  await notify();
  scene.approvals.set(APPROVAL_ID, { ...PENDING, version: 3, reminders: 2 });
  await notify();
  scene.approvals.set(APPROVAL_ID, { ...PENDING, version: 4, reminders: 2, votes: [VOTE] });
  await notify();
  assert.deepEqual(
    scene.of('slack').map(({ isReminder }) => isReminder),
    [false, true, false],
  );
});

test('a reminder that Slack did not take is said when it is tried again', async () => {
  await notify();
  scene.approvals.set(APPROVAL_ID, { ...PENDING, version: 2, reminders: 1 });
  scene.away.add('slack');
  await assert.rejects(notify(), { dependency: 'slack' });
  scene.away.clear();
  await notify();
  assert.equal(scene.of('slack').at(-1)?.isReminder, true);
});

test('an approval that takes the place of another has the other told too', async () => {
  await notify();
  scene.approvals.set(APPROVAL_ID, closed('superseded'));
  const newer = { ...PENDING, id: NEWER_APPROVAL_ID, supersedes: APPROVAL_ID };
  scene.approvals.set(newer.id, newer);
  await notify({}, newer.id);
  const said = scene
    .of('slack')
    .map(({ facts: { approval }, message }) => [approval.id, approval.state, message?.ts]);
  assert.deepEqual(said.slice(1), [
    [NEWER_APPROVAL_ID, 'pending', undefined],
    [APPROVAL_ID, 'superseded', '1.000100'],
  ]);
});

test('a grant or a run stands for the approval that it waits for, and for nothing without one', async () => {
  const waits = { approval: APPROVAL_ID } as Grant;
  const store = { ...scene.deps.store, readGrant: async () => waits };
  await notifyApproval({ ...scene.deps, store }, { grantId: ASKED.grant });
  assert.equal(scene.told.length, 3);
  await notifyApproval(scene.deps, { runId: 'r_none' });
  await notifyApproval(scene.deps, { approvalId: NEWER_APPROVAL_ID });
  assert.equal(scene.told.length, 3);
});

test('a resource without a channel is told of everywhere but in Slack', async () => {
  await notify({ resources: [RESOURCE] });
  assert.equal(scene.of('slack')[0]?.slackChannel, undefined);
  assert.equal(scene.of('sns').length, 1);
});

test('it puts and gets single items of its own partitions and does nothing else', async () => {
  const calls: string[] = [];
  tables.dynamo.setFaults((operation, input) => {
    const key = JSON.stringify(input.Item ?? input.Key);
    calls.push(`${operation} ${/NOTICE#/.test(key)}`);
    return undefined;
  });
  await notify();
  tables.dynamo.setFaults(undefined);
  assert.deepEqual([...new Set(calls)].sort(), ['GetItem true', 'PutItem true']);
});
