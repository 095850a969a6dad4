import {
  DeleteObjectCommand,
  PutObjectTaggingCommand,
  paginateListObjectsV2,
  type S3Client,
} from '@aws-sdk/client-s3';
import { PAYLOAD_TAG, type PayloadTag } from '../lambdas/adapters/vault/payload-objects.ts';
import { payloadFolder } from '../lambdas/core/vault/payload-path.ts';

/** What no function may do to what is kept of a task. Each answers how many objects there were. */
export interface PayloadBucket {
  deleteAll(task: string): Promise<number>;
  /** `held`: the bucket's lifecycle rule leaves them; `kept`: it deletes them once they are old enough. */
  tagAll(task: string, tag: PayloadTag): Promise<number>;
}

export const payloadBucket = (client: S3Client, bucket: string): PayloadBucket => {
  const each = async (task: string, act: (place: { Bucket: string; Key: string }) => Promise<unknown>) => {
    let count = 0;
    const pages = paginateListObjectsV2({ client }, { Bucket: bucket, Prefix: payloadFolder(task) });
    for await (const { Contents = [] } of pages)
      for (const { Key } of Contents) {
        if (Key === undefined) continue;
        await act({ Bucket: bucket, Key });
        count += 1;
      }
    return count;
  };
  return {
    deleteAll: (task) => each(task, (place) => client.send(new DeleteObjectCommand(place))),
    tagAll: (task, tag) => {
      const Tagging = { TagSet: [{ Key: PAYLOAD_TAG, Value: tag }] };
      return each(task, (place) => client.send(new PutObjectTaggingCommand({ ...place, Tagging })));
    },
  };
};
