import { GetObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { REPORTS_BUCKET } from '../examples/buckets/reports-bucket.ts';
import { newSshKeyPair } from '../examples/targets/ssh-key-pair.ts';
import { logInBySsh } from '../examples/targets/ssh-login.ts';
import type { Wire } from './api-client.ts';
import { type Bench, openTask } from './bench-crew.ts';
import type { KindResult } from './bench-results.ts';
import { summarize } from './bench-statistics.ts';
import { expect } from './expect-status.ts';

const LIVES_COUNT = 100;
const GRANTS_PER_TASK = 50;

/** One kind of access, by its resource in the sample configuration. */
export interface BenchedKind {
  readonly name: string;
  readonly asked: object;
  /** What AWS itself needs on top, which no machine without it can show. */
  readonly limit: string;
  /** What is sent for a credential, and how it is then used: throws unless it works. */
  begin(): { readonly body?: object; use(bench: Bench, credential: unknown): Promise<void> };
}

const AWS: BenchedKind = {
  name: 'aws',
  asked: { resource: 'reports', action: 'aws:assume', profile: 'read-reports' },
  limit: 'IAM: seconds to minutes until a deny holds; STS: no session below 15 min, none above 1 h',
  begin: () => ({
    async use({ stack }, credential) {
      const { aws } = credential as Wire['AwsCredentialView'];
      const { region, ...credentials } = aws;
      const s3 = new S3Client({ region, credentials, endpoint: stack.aws.endpointUrl, forcePathStyle: true });
      const [Key = ''] = Object.keys(REPORTS_BUCKET.objects);
      await s3.send(new GetObjectCommand({ Bucket: REPORTS_BUCKET.name, Key })).finally(() => s3.destroy());
    },
  }),
};

/** The session is left open: the end has to take it along. */
const SSH: BenchedKind = {
  name: 'ssh',
  asked: { resource: 'reports-host', action: 'ssh:connect' },
  limit:
    'Run Command: a second or two, before *active* and at the end; on a real sshd the script takes about half a second',
  begin() {
    const keys = newSshKeyPair();
    return {
      body: { publicKey: keys.publicKey },
      async use(_bench, credential) {
        const { ssh } = credential as Wire['SshCredentialView'];
        const session = await logInBySsh(ssh, keys);
        if (typeof session === 'string') throw new Error(`it was not let in: ${session}`);
      },
    };
  },
};

export const KINDS: readonly BenchedKind[] = [AWS, SSH];

/** Grants of one kind from the request to the proof of death, one after the other, each with a credential that was used. */
export const measureKind = async (
  bench: Bench,
  kind: BenchedKind,
  count = LIVES_COUNT,
): Promise<KindResult> => {
  const credential: number[] = [];
  const dead: number[] = [];
  let task = '';
  for (let turn = 0; turn < count; turn += 1) {
    if (turn % GRANTS_PER_TASK === 0) task = (await openTask(bench)).body.id;
    const asked = { ...kind.asked, task, durationSeconds: 900, reason: 'benchmark' };
    const askedAt = performance.now();
    const grant = await bench.crew.post<Wire['GrantView']>('/v1/grants', asked, { prefer: 'wait=20' });
    const { id } = expect(grant, 201).body;
    const { body, use } = kind.begin();
    const vended = expect(await bench.crew.post<unknown>(`/v1/grants/${id}/credentials`, body), 201);
    credential.push(performance.now() - askedAt);
    await use(bench, vended.body);
    const { ending } = expect(await bench.crew.end<Wire['GrantView']>(`/v1/grants/${id}`), 200).body;
    if (ending?.status !== 'dead' || ending.deadAfterMs === undefined)
      throw new Error(`${id} was not proved dead: ${JSON.stringify(ending)}`);
    dead.push(ending.deadAfterMs);
  }
  const { name, limit } = kind;
  return { name, limit, credential: summarize(credential), deadAfter: summarize(dead) };
};
