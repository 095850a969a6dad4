import { PutItemCommand } from '@aws-sdk/client-dynamodb';
import type { NoticeRecord, NoticeStore } from '../../app/ports-of-notices.ts';
import { type Dynamo, orUnavailable, putOnce } from './dynamo-call.ts';
import { readOne } from './dynamo-reads.ts';
import { type Item, stringOf, text } from './items.ts';

/** What was told of one approval: a partition that nothing is decided on. */
const noticeKey = (approvalId: string): Item => ({ pk: text(`NOTICE#${approvalId}`), sk: text('NOTICE') });

/** Where a task's thread in one channel begins. */
const threadKey = (taskId: string, channel: string): Item => ({
  pk: text(`NOTICE#${taskId}`),
  sk: text(`CHANNEL#${channel}`),
});

/** The port `NoticeStore` on the grants table. It puts and gets single items and needs no other right. */
export const dynamoNoticeStore = (dynamo: Dynamo): NoticeStore => {
  const TableName = dynamo.tables.grants;
  return {
    async read(approvalId) {
      const item = await readOne(dynamo, noticeKey(approvalId));
      return item && JSON.parse(stringOf(item, 'body'));
    },
    async save(record: NoticeRecord) {
      const Item = { ...noticeKey(record.approval), body: text(JSON.stringify(record)) };
      await orUnavailable(dynamo.client.send(new PutItemCommand({ TableName, Item })));
    },
    async readThread(taskId, channel) {
      const item = await readOne(dynamo, threadKey(taskId, channel));
      return item && stringOf(item, 'ts');
    },
    async saveThread(taskId, { channel, ts }) {
      await putOnce(dynamo, { ...threadKey(taskId, channel), ts: text(ts) });
    },
  };
};
