import type { LocalStack } from '../local/stack.ts';

/** Settings of a client that has the rights of a local stack's auditor. */
export const auditorSettings = ({ auditor }: Pick<LocalStack, 'auditor'>) => ({
  endpoint: auditor.AWS_ENDPOINT_URL ?? '',
  region: auditor.AWS_REGION ?? '',
  credentials: {
    accessKeyId: auditor.AWS_ACCESS_KEY_ID ?? '',
    secretAccessKey: auditor.AWS_SECRET_ACCESS_KEY ?? '',
    sessionToken: auditor.AWS_SESSION_TOKEN ?? '',
  },
});
