import { setTimeout as pause } from 'node:timers/promises';
import { ListObjectsV2Command, S3Client } from '@aws-sdk/client-s3';
import { REPORTS_BUCKET } from '../examples/buckets/reports-bucket.ts';
import { AwsCredentialView } from '../lambdas/http/credential-schemas.ts';
import type { KindAccess } from './kind-access.ts';

const LOOK_EVERY_MS = 10;

/** A session, which is asked about with each call. */
export const AWS_ACCESS: KindAccess = {
  request: { resource: 'reports', action: 'aws:assume', profile: 'read-reports' },
  newHolder: () => ({
    async open({ aws }, credential) {
      const { region, ...credentials } = AwsCredentialView.parse(credential).aws;
      const s3 = new S3Client({
        ...{ region, credentials, endpoint: aws.endpointUrl },
        ...{ forcePathStyle: true, maxAttempts: 1 },
      });
      const use = async () => void (await s3.send(new ListObjectsV2Command({ Bucket: REPORTS_BUCKET.name })));
      await use().catch((error: unknown) => {
        s3.destroy();
        throw error;
      });
      return {
        use,
        async cut() {
          for (; await use().then(() => true, isNotRefused); ) await pause(LOOK_EVERY_MS);
          return performance.now();
        },
        close: async () => s3.destroy(),
      };
    },
  }),
};

/** What else goes wrong is no refusal, and would be taken for one. */
const isNotRefused = (error: unknown): boolean => {
  if (error instanceof Error && error.name === 'AccessDenied') return false;
  throw error;
};
