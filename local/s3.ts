import * as fs from 'node:fs';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { AwsError } from './aws-error.ts';
import type { AccessRequest } from './iam.ts';

/** `objects` are there from the start, by their keys. */
export interface Bucket {
  readonly name: string;
  readonly arn: string;
  readonly objects?: Readonly<Record<string, string>>;
}

type Tags = Readonly<Record<string, string>>;
interface StoredObject {
  readonly tags: Tags;
  readonly base64: string;
}
/** Throws `AwsError` unless every question is answered with yes. */
type Authorize = (operation: string, questions: readonly AccessRequest[]) => void;
export type S3 = ReturnType<typeof createS3>;

const refuse = (code: string, status: number) => new AwsError(code, code, { status });

/** S3 as a folder for each bucket and a file for each object: what the product asks of it, in path style. No lifecycle. */
export const createS3 = (kept: string | undefined, buckets: readonly Bucket[]) => {
  const directory = kept ?? fs.mkdtempSync(join(tmpdir(), 'latchkey-s3-'));
  for (const { name } of buckets) fs.mkdirSync(join(directory, name), { recursive: true });
  const fileOf = (bucket: string, key: string) => join(directory, bucket, encodeURIComponent(key));
  const read = (file: string): StoredObject | undefined =>
    fs.existsSync(file) ? JSON.parse(fs.readFileSync(file, 'utf8')) : undefined;
  /** Whole or not at all, whenever the process is killed. */
  const write = (file: string, stored: StoredObject): string => {
    fs.writeFileSync(`${file}~`, JSON.stringify(stored));
    fs.renameSync(`${file}~`, file);
    return '';
  };
  for (const { name, objects = {} } of buckets)
    for (const [key, content] of Object.entries(objects))
      write(fileOf(name, key), { tags: {}, base64: Buffer.from(content).toString('base64') });
  return {
    /** The body of an answer. Throws `AwsError`. */
    serve(request: IncomingMessage, bytes: Buffer, authorize: Authorize): string | Buffer {
      const { pathname, searchParams } = new URL(request.url ?? '/', 'http://loopback');
      const [, name = '', ...parts] = pathname.split('/').map(decodeURIComponent);
      const operation = operationOf(searchParams, `${request.method}`);
      const bucket = buckets.find((one) => one.name === name);
      if (!bucket) throw refuse('NoSuchBucket', 404);
      const list = [{ action: 's3:ListBucket', resource: bucket.arn }];
      if (operation === 'ListObjectsV2') {
        authorize(operation, list);
        return listing(fs.readdirSync(join(directory, name)), searchParams.get('prefix') ?? '');
      }
      const key = parts.join('/');
      const tags = tagsOf(operation, `${request.headers['x-amz-tagging'] ?? ''}`, String(bytes));
      authorize(operation, objectAccess(operation, `${bucket.arn}/${key}`, tags));
      const [file, stored] = [fileOf(name, key), read(fileOf(name, key))];
      if (operation === 'PutObject') {
        if (stored && request.headers['if-none-match'] === '*') throw refuse('PreconditionFailed', 412);
        return write(file, { tags, base64: bytes.toString('base64') });
      }
      if (operation === 'DeleteObject') fs.rmSync(file, { force: true });
      if (operation === 'DeleteObject') return '';
      // Who may not list is not told whether something is there.
      if (!stored) authorize(operation, list);
      if (!stored) throw refuse('NoSuchKey', 404);
      return operation === 'GetObject'
        ? Buffer.from(stored.base64, 'base64')
        : write(file, { ...stored, tags });
    },
    /** What was kept for nobody goes. */
    close: () => void (kept === undefined && fs.rmSync(directory, { recursive: true, force: true })),
    /** What is stored as `bucket` and `key`, for whoever looks from outside. */
    look: (bucket: string, key: string) => read(fileOf(bucket, key)),
  };
};

/** The SDK names an operation in `x-id`, unless the query has another word for it. */
const operationOf = (query: URLSearchParams, method: string): string => {
  if (method === 'GET' && query.get('list-type') === '2') return 'ListObjectsV2';
  if (method === 'PUT' && query.has('tagging')) return 'PutObjectTagging';
  const named = ['GetObject', 'PutObject', 'DeleteObject'].find((name) => name === query.get('x-id'));
  if (!named?.toUpperCase().startsWith(method) || query.size > 1) throw refuse('NotImplemented', 501);
  return named;
};

const tagsOf = (operation: string, header: string, body: string): Tags => {
  if (operation === 'PutObject') return Object.fromEntries(new URLSearchParams(header));
  const tags = body.matchAll(/<Tag><Key>([^<]*)<\/Key><Value>([^<]*)<\/Value><\/Tag>/g);
  return Object.fromEntries([...tags].map(([, key, value]) => [key, value]));
};

/** A put that brings tags is asked about twice, as on AWS. */
const objectAccess = (operation: string, resource: string, tags: Tags): AccessRequest[] => {
  const values = Object.entries(tags).map(([key, value]) => [`s3:RequestObjectTag/${key}`, [value]]);
  const context = { 's3:RequestObjectTagKeys': Object.keys(tags), ...Object.fromEntries(values) };
  const also = operation === 'PutObject' && values.length > 0 ? ['PutObjectTagging'] : [];
  return [operation, ...also].map((name) => ({ action: `s3:${name}`, resource, context }));
};

/** What ends with `~` was being written when the process was killed. */
const listing = (files: readonly string[], prefix: string): string => {
  const keys = files.filter((file) => !file.endsWith('~')).map(decodeURIComponent);
  const found = keys
    .filter((key) => key.startsWith(prefix))
    .map((key) => `<Contents><Key>${key}</Key></Contents>`);
  return `<ListBucketResult><IsTruncated>false</IsTruncated>${found.join('')}</ListBucketResult>`;
};

/** Runs one call and writes what comes of it; errors in XML, under the names that S3 has for them. */
export const answerS3 = async (response: ServerResponse, call: () => Promise<unknown>): Promise<void> => {
  const fail = (error: unknown): string => {
    const { status, code, message } = error instanceof AwsError ? error : refuse('InternalError', 500);
    const isDenied = code === 'AccessDeniedException';
    response.statusCode = isDenied ? 403 : status;
    return `<Error><Code>${isDenied ? 'AccessDenied' : code}</Code><Message>${message}</Message></Error>`;
  };
  response.end(await call().catch(fail));
};
