import {
  GetObjectCommand,
  NoSuchKey,
  PutObjectCommand,
  type S3Client,
  S3ServiceException,
} from '@aws-sdk/client-s3';
import { DependencyUnavailable } from '../../app/ports.ts';
import { PAYLOAD_MAX_BYTES } from '../../core/limits.ts';
import { SEAL_OVERHEAD_BYTES, SealBroken } from '../../core/vault/seal.ts';

/** The tag by which the bucket's lifecycle rule deletes an object after its retention, or leaves it. */
export const PAYLOAD_TAG = 'latchkey';
export type PayloadTag = 'kept' | 'held';

/** Sealed bytes in S3, by `task/name`. What is stored under a path is never replaced. */
export interface PayloadObjects {
  /** False when something is stored there already. */
  put(path: string, sealed: Uint8Array, tag: PayloadTag): Promise<boolean>;
  get(path: string): Promise<Uint8Array | undefined>;
}

/** Every failure but *there already* and *not there* is `DependencyUnavailable`. */
export const payloadObjects = (client: S3Client, bucket: string): PayloadObjects => ({
  async put(path, sealed, tag) {
    const command = new PutObjectCommand({
      Bucket: bucket,
      Key: path,
      Body: sealed,
      Tagging: `${PAYLOAD_TAG}=${tag}`,
      IfNoneMatch: '*',
    });
    try {
      await client.send(command);
      return true;
    } catch (error) {
      if (error instanceof S3ServiceException && error.name === 'PreconditionFailed') return false;
      throw new DependencyUnavailable('vault', error);
    }
  },
  async get(path) {
    const found = await orMissing(client.send(new GetObjectCommand({ Bucket: bucket, Key: path })));
    // Nothing of ours is larger, so it is not ours; and it is not read to find that out.
    if (found && (found.ContentLength ?? Infinity) > PAYLOAD_MAX_BYTES + SEAL_OVERHEAD_BYTES)
      throw new SealBroken('a stored payload is larger than any of ours');
    return orMissing(found?.Body?.transformToByteArray());
  },
});

const orMissing = async <T>(call: Promise<T> | undefined): Promise<T | undefined> => {
  try {
    return await call;
  } catch (error) {
    if (error instanceof NoSuchKey) return undefined;
    throw new DependencyUnavailable('vault', error);
  }
};
