import { GetObjectCommand, S3Client } from '@aws-sdk/client-s3';
import type { AwsSession } from '../../lambdas/app/credential.ts';
import { type AwsAccount, BUCKET } from './aws-account.ts';

/** What becomes of a read by whoever holds these keys. */
export const readAs = async (
  { settings }: AwsAccount,
  credentials: AwsSession,
  Bucket: string = BUCKET,
): Promise<string> => {
  const client = new S3Client({ ...settings, credentials, forcePathStyle: true });
  try {
    await client.send(new GetObjectCommand({ Bucket, Key: 'weekly.csv' }));
    return 'read';
  } catch (error) {
    // There is no such object, which is told only to whom may look for it.
    return error instanceof Error && error.name !== 'NoSuchKey' ? error.name : 'read';
  } finally {
    client.destroy();
  }
};
