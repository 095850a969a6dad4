import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { after, before, test } from 'node:test';
import { DynamoDBClient, ListTablesCommand } from '@aws-sdk/client-dynamodb';
import { GetObjectCommand, PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { REPORTS_BUCKET } from '../../examples/buckets/reports-bucket.ts';
import { fingerprintOf } from '../../lambdas/app/vend-credential.ts';
import { AwsCredentialView, CredentialProcessView } from '../../lambdas/http/credential-schemas.ts';
import { GrantView } from '../../lambdas/http/schemas.ts';
import { idOf, newActive, newTask, release, requestAccess, vend } from '../e2e/asks.ts';
import { findCanaries } from '../e2e/canaries.ts';
import { placesSeen } from '../e2e/places.ts';
import { assertProblem } from '../e2e/problems.ts';
import { type Caller, type RunningStack, runStack } from '../e2e/running-stack.ts';

let running: RunningStack;
let crew: Caller;
let other: Caller;
before(async () => {
  running = await runStack();
  [crew, other] = [await running.caller('sales-crew'), await running.caller('other-crew')];
});
after(() => running.remove());

const READ = { resource: 'reports', action: 'aws:assume', profile: 'read-reports' };
type Keys = ReturnType<typeof AwsCredentialView.parse>['aws'];

/** Every secret that was handed out. */
const secrets: string[] = [];

const vended = async (grant: string): Promise<Keys> => {
  const answer = await crew.ask(vend(grant));
  assert.equal(answer.status, 201, answer.text);
  const { aws } = AwsCredentialView.parse(answer.json);
  secrets.push(aws.secretAccessKey, aws.sessionToken);
  return aws;
};

const settingsOf = ({ region, ...credentials }: Keys) => ({
  region,
  credentials,
  endpoint: running.stack().aws.endpointUrl,
  maxAttempts: 1,
});

const [KEY = ''] = Object.keys(REPORTS_BUCKET.objects);

const read = async (keys: Keys): Promise<string> => {
  const client = new S3Client({ ...settingsOf(keys), forcePathStyle: true });
  try {
    const { Body } = await client.send(new GetObjectCommand({ Bucket: REPORTS_BUCKET.name, Key: KEY }));
    return (await Body?.transformToString()) ?? '';
  } catch (error) {
    return error instanceof Error ? error.name : 'unknown';
  } finally {
    client.destroy();
  }
};

let first: string;
let keys: Keys;

test('a crew is given a session of AWS for one task, and reads what its profile names', async () => {
  ({ grant: first } = await newActive(running, crew, READ));
  keys = await vended(first);
  assert.match(await read(keys), /^country,orders,revenue\n/);
});

test('the session does nothing else, although its role may', async () => {
  const client = new S3Client({ ...settingsOf(keys), forcePathStyle: true });
  const put = new PutObjectCommand({ Bucket: REPORTS_BUCKET.name, Key: KEY, Body: 'x' });
  await assert.rejects(client.send(put), { name: 'AccessDenied' });
  client.destroy();
  const tables = new DynamoDBClient(settingsOf(keys));
  await assert.rejects(
    tables.send(new ListTablesCommand()),
    /no session policy allows|no identity-based policy allows/,
  );
  tables.destroy();
});

test('two credentials of one grant are two sessions', async () => {
  const another = await vended(first);
  assert.notEqual(another.accessKeyId, keys.accessKeyId);
  assert.match(await read(another), /^country/);
});

test('AWS’s own tools take the answer as the output of a credential process', async () => {
  const accept = 'application/vnd.latchkey.credential-process+json';
  const answer = await crew.ask({ ...vend(first), headers: { accept } });
  assert.deepEqual([answer.status, answer.headers['content-type']], [201, accept]);
  const made = CredentialProcessView.parse(answer.json);
  secrets.push(made.SecretAccessKey, made.SessionToken);
  const { AccessKeyId: accessKeyId, SecretAccessKey: secretAccessKey, SessionToken: sessionToken } = made;
  assert.match(await read({ accessKeyId, secretAccessKey, sessionToken, region: keys.region }), /^country/);
  assert.ok(Date.parse(made.Expiration) > Date.now());
});

test('a shell that evaluates the answer has what AWS’s tools look for, and no profile that comes before it', async () => {
  const answer = await crew.ask({ ...vend(first), headers: { accept: 'text/x-shellscript' } });
  const said = execFileSync('sh', ['-c', 'eval "$(cat)" && env'], {
    input: answer.text,
    env: { PATH: process.env.PATH, AWS_PROFILE: 'somebody' },
    encoding: 'utf8',
  });
  const set = Object.fromEntries(said.split('\n').map((line) => line.split(/=(.*)/s).slice(0, 2)));
  assert.equal(set.AWS_PROFILE, undefined);
  const given = {
    accessKeyId: set.AWS_ACCESS_KEY_ID,
    secretAccessKey: set.AWS_SECRET_ACCESS_KEY,
    sessionToken: set.AWS_SESSION_TOKEN,
    region: set.AWS_REGION,
  };
  secrets.push(given.secretAccessKey, given.sessionToken);
  assert.match(await read(given), /^country/);
});

test('a database’s credential asked for as that of a credential process is answered as JSON', async () => {
  const { grant } = await newActive(running, crew);
  const accept = 'application/vnd.latchkey.credential-process+json';
  const answer = await crew.ask({ ...vend(grant), headers: { accept } });
  assert.deepEqual([answer.status, answer.headers['content-type']], [201, 'application/json']);
  await crew.ask(release(grant));
});

test('a profile has to be named, and only one that there is', async () => {
  const task = await newTask(crew);
  for (const profile of [undefined, 'read', 'Read-Reports', '__proto__']) {
    const answer = await crew.ask(requestAccess(task, { ...READ, profile }));
    assertProblem(answer, 422, 'unknown_profile');
  }
});

test('another profile needs a person, and another crew gets none', async () => {
  const asked = await crew.ask(requestAccess(await newTask(crew), { ...READ, profile: 'write-reports' }, {}));
  assert.equal(GrantView.parse(asked.json).state, 'pending_approval');
  assertProblem(await other.ask(requestAccess(await newTask(other), READ)), 403, 'policy_denied');
  assertProblem(await other.ask(vend(first)), 404, 'not_found');
});

test('the end of the grant is proved, and refuses every session that it gave', async () => {
  const ended = await crew.ask(release(first));
  const { ending } = GrantView.parse(ended.json);
  assert.deepEqual([ended.status, ending?.status], [200, 'dead'], ended.text);
  assert.deepEqual(
    ending?.steps?.map(({ name, outcome }) => `${name} ${outcome}`),
    ['deny done', 'probe refused'],
  );
  assert.equal(await read(keys), 'AccessDenied');
  assertProblem(await crew.ask(vend(first)), 410, 'grant_over');
});

test('the trail says which key was given, and for whose use', async () => {
  const issued = (await running.trail()).flatMap(({ event }) =>
    event.type === 'credential.issued' && event.kind === 'aws' ? [event] : [],
  );
  assert.equal(issued.length, 4);
  const [event] = issued;
  assert.equal(event?.accessKeyId, keys.accessKeyId);
  assert.equal(event?.fingerprint, fingerprintOf(keys.sessionToken));
  assert.ok((event?.packedPolicyPercent ?? 0) > 0);
  assert.deepEqual([event?.target.user, event?.target.host, event?.target.database], [first, null, null]);
  const { flaws } = await running.verifyTrail();
  assert.deepEqual(flaws, []);
});

test('no secret of a session is anywhere but in the answer that brought it', async () => {
  const canaries = secrets.map((secret) => ({ of: 'a session', secret }));
  assert.equal(canaries.length, 8);
  const kept = {
    name: 'the table of states',
    text: JSON.stringify(await running.items('grants')),
    holds: first,
  };
  assert.deepEqual(findCanaries([...(await placesSeen(running, first)), kept], canaries), []);
});

test('nothing is refused to our own functions but what proves an end, and the sweeper finds nothing amiss', async () => {
  await running.stack().sweep();
  const refusals = running
    .refusals()
    .filter((line) => !line.startsWith('arn:aws:iam::000000000000:role/latchkey-aws-reports'));
  assert.deepEqual(refusals, []);
  const ofRole = running.awsCalls.filter(({ role }) => role === 'revoker').map(({ action }) => action);
  assert.ok(ofRole.includes('sts:AssumeRole'));
  assert.equal(ofRole.includes('lambda:Invoke'), false);
  assert.equal(idOf(await crew.ask({ method: 'GET', path: `/v1/grants/${first}` })), first);
});
