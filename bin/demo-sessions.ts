import { GetObjectCommand, PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { REPORTS_BUCKET } from '../examples/buckets/reports-bucket.ts';
import type { ApiClient, Wire } from './api-client.ts';
import { expect } from './expect-status.ts';
import type { Narrator } from './narrator.ts';

export interface SessionScene {
  readonly crew: ApiClient;
  readonly task: string;
  readonly narrator: Narrator;
  /** Where AWS answers here. */
  readonly endpoint: string;
}

type Keys = Wire['AwsCredentialView']['aws'];

/** AWS: a session cut down to one profile, what it opens and what it does not, and its end long before its own. */
export const tellSessions = async (scene: SessionScene): Promise<void> => {
  const grant = await askForReports(scene);
  const keys = await useSession(scene, grant);
  await endGrant(scene, { grant, keys });
};

const askForReports = async ({ crew, task, narrator }: SessionScene): Promise<string> => {
  const asked = {
    task,
    resource: 'reports',
    action: 'aws:assume',
    profile: 'read-reports',
    durationSeconds: 600,
    reason: 'Compare with last week',
  };
  const grant = expect(await crew.post<Wire['GrantView']>('/v1/grants', asked, { prefer: 'wait=20' }), 201);
  narrator.step(
    'It asks for the reports of the last weeks, which are in a bucket',
    ['Nothing is opened yet; but that it could be ended, and that this could be proved, has been tried.'],
    grant,
  );
  return grant.body.id;
};

const useSession = async ({ crew, narrator, endpoint }: SessionScene, grant: string): Promise<Keys> => {
  const vended = expect(await crew.post<Wire['AwsCredentialView']>(`/v1/grants/${grant}/credentials`), 201);
  const keys = vended.body.aws;
  const [key = ''] = Object.keys(REPORTS_BUCKET.objects);
  const report = await withS3(keys, endpoint, async (s3) => {
    const { Body } = await s3.send(new GetObjectCommand({ Bucket: REPORTS_BUCKET.name, Key: key }));
    return (await Body?.transformToString()) ?? '';
  });
  const changed = await withS3(keys, endpoint, (s3) =>
    s3.send(new PutObjectCommand({ Bucket: REPORTS_BUCKET.name, Key: key, Body: 'x' })),
  ).then(() => 'it wrote', errorName);
  if (changed === 'it wrote') throw new Error('a session that reads could write');
  narrator.step(
    `It reads ${key} with a session of AWS that is this grant’s alone`,
    [
      ...report.trim().split('\n'),
      `Replacing it is another profile: ${changed}. STS gives no session below 15 minutes; the dates in this one end it with the grant.`,
    ],
    vended,
  );
  return keys;
};

const endGrant = async (
  { crew, narrator, endpoint }: SessionScene,
  { grant, keys }: { readonly grant: string; readonly keys: Keys },
): Promise<void> => {
  const ended = expect(await crew.end<Wire['GrantView']>(`/v1/grants/${grant}`), 200);
  const [key = ''] = Object.keys(REPORTS_BUCKET.objects);
  const answer = await withS3(keys, endpoint, (s3) =>
    s3.send(new GetObjectCommand({ Bucket: REPORTS_BUCKET.name, Key: key })),
  ).then(() => 'it read', errorName);
  if (answer === 'it read') throw new Error('a session outlived its grant');
  const { ending } = ended.body;
  narrator.step(
    'It gives the reports back. A session cannot be recalled, so its role denies it by name',
    [
      ...(ending?.steps ?? []).map((step) => `${step.name}: ${step.outcome} (after ${step.atMs} ms)`),
      `Proved dead ${ending?.deadAfterMs} ms after the end; the same keys get ${answer}. On AWS this takes seconds to minutes.`,
    ],
    ended,
  );
};

const withS3 = async <T>(
  { region, ...credentials }: Keys,
  endpoint: string,
  act: (s3: S3Client) => Promise<T>,
): Promise<T> => {
  const s3 = new S3Client({ region, credentials, endpoint, forcePathStyle: true, maxAttempts: 1 });
  return act(s3).finally(() => s3.destroy());
};

const errorName = (error: unknown): string => (error instanceof Error ? error.name : 'unknown');
