import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import {
  CopyObjectCommand,
  DeleteObjectCommand,
  GetObjectCommand,
  ListObjectsV2Command,
  PutObjectCommand,
  PutObjectTaggingCommand,
  type S3Client,
} from '@aws-sdk/client-s3';
import { createS3 } from '../../local/s3.ts';
import { PLACES, type RoleName, startVaultStage, type VaultStage } from '../support/vault-stage.ts';

let stage: VaultStage;
before(async () => {
  stage = await startVaultStage();
});
after(() => stage.close());

const Bucket = PLACES.bucket;
const as = (role: RoleName): S3Client => stage.clientsOf(role).s3;
const put = (role: RoleName, Key: string, Tagging?: string) =>
  as(role).send(
    new PutObjectCommand({ Bucket, Key, Body: 'x', ...(Tagging === undefined ? {} : { Tagging }) }),
  );
const get = async (role: RoleName, Key: string) => {
  const { Body } = await as(role).send(new GetObjectCommand({ Bucket, Key }));
  return Body?.transformToString();
};

describe('an object', () => {
  test('comes back under any key, listed by its prefix, until it is deleted', async () => {
    const Key = 'a/b c+d%2F(ä)!*';
    await put('operator', Key);
    await put('operator', 'b/1');
    assert.equal(await get('operator', Key), 'x');
    const { Contents } = await as('operator').send(new ListObjectsV2Command({ Bucket, Prefix: 'a/' }));
    assert.deepEqual(
      Contents?.map((one) => one.Key),
      [Key],
    );
    await as('operator').send(new DeleteObjectCommand({ Bucket, Key }));
    await assert.rejects(get('operator', Key), { name: 'NoSuchKey' });
  });

  test('is put once where a put is conditional, and its tags are those it was given last', async () => {
    const input = { Bucket, Key: 'once', Body: 'x', IfNoneMatch: '*', Tagging: 'latchkey=kept' };
    await as('operator').send(new PutObjectCommand(input));
    await assert.rejects(as('operator').send(new PutObjectCommand(input)), { name: 'PreconditionFailed' });
    const Tagging = { TagSet: [{ Key: 'latchkey', Value: 'held' }] };
    await as('operator').send(new PutObjectTaggingCommand({ Bucket, Key: 'once', Tagging }));
    assert.deepEqual(stage.s3.look(Bucket, 'once')?.tags, { latchkey: 'held' });
    assert.equal(await get('operator', 'once'), 'x');
  });

  test('is still there after a restart', () => {
    const directory = mkdtempSync(join(tmpdir(), 'latchkey-s3-test-'));
    const buckets = [{ name: 'b', arn: 'arn:aws:s3:::b' }];
    const request = { method: 'PUT', url: '/b/k?x-id=PutObject', headers: {} };
    createS3(directory, buckets).serve(request as never, Buffer.from('x'), () => undefined);
    assert.equal(createS3(directory, buckets).look('b', 'k')?.base64, Buffer.from('x').toString('base64'));
    rmSync(directory, { recursive: true });
  });
});

describe('rights to objects', () => {
  const denied = { name: 'AccessDenied' };

  test('a function puts with the one tag of two values, and in no other way', async () => {
    await put('api', 'tagged/1', 'latchkey=kept');
    for (const tags of [undefined, 'latchkey=forever', 'other=kept', 'latchkey=kept&other=x'])
      await assert.rejects(put('api', 'tagged/2', tags), denied);
    await assert.rejects(put('reader', 'tagged/2', 'latchkey=kept'), denied);
  });

  test('a function that reads is told what is missing; who may not list is told nothing', async () => {
    assert.equal(await get('reader', 'tagged/1'), 'x');
    await assert.rejects(get('reader', 'tagged/2'), { name: 'NoSuchKey' });
    await assert.rejects(get('vend', 'tagged/2'), denied);
  });

  test('no function deletes', async () => {
    for (const role of ['api', 'reader', 'runner', 'vend', 'sweeper', 'waiter'] as const)
      await assert.rejects(as(role).send(new DeleteObjectCommand({ Bucket, Key: 'tagged/1' })), denied);
    assert.equal(await get('reader', 'tagged/1'), 'x');
  });
});

describe('what is refused', () => {
  /** A put whose request was changed after it was signed. */
  const changed = (
    change: (request: { body: unknown; headers: Record<string, string>; path: string }) => void,
  ) => {
    const client = as('operator');
    client.middlewareStack.add(
      (next) => (args) => {
        change(args.request as never);
        return next(args);
      },
      { step: 'finalizeRequest', priority: 'low' },
    );
    return client.send(new PutObjectCommand({ Bucket, Key: 'signed', Body: 'x', Tagging: 'latchkey=kept' }));
  };
  const forged = { name: 'InvalidSignatureException' };

  test('another body, path or tag than was signed', async () => {
    await assert.rejects(
      changed((request) => Object.assign(request, { body: 'y' })),
      forged,
    );
    await assert.rejects(
      changed((request) => Object.assign(request, { path: `/${Bucket}/other` })),
      forged,
    );
    await assert.rejects(
      changed(({ headers }) => Object.assign(headers, { 'x-amz-tagging': 'latchkey=held' })),
      forged,
    );
  });

  test('an operation that is not implemented, and a bucket that is not there', async () => {
    const copy = new CopyObjectCommand({ Bucket, Key: 'copy', CopySource: `${Bucket}/once` });
    await assert.rejects(as('operator').send(copy), { name: 'NotImplemented' });
    const other = new GetObjectCommand({ Bucket: 'none', Key: 'x' });
    await assert.rejects(as('operator').send(other), { name: 'NoSuchBucket' });
  });
});
