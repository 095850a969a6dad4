import type { APIGatewayProxyEvent } from 'aws-lambda';
import * as z from 'zod';
import type { FieldError } from '../core/failure.ts';
import { hasEachMemberOnce, isJsonObject } from '../core/identity/decode-token.ts';
import { REQUEST_BODY_MAX_BYTES, WAIT_MAX_SECONDS } from '../core/limits.ts';
import type { Result } from '../core/result.ts';
import { fail, ok } from '../core/result.ts';
import { needsBody, type OperationForm } from './operations.ts';
import { IdempotencyKey, WaitSeconds } from './schemas.ts';

/** Everything of a request that a handler may see, checked against the form of its operation. */
export interface ReadCall {
  readonly path: unknown;
  readonly query: unknown;
  readonly body: unknown;
  readonly waitSeconds: number;
  readonly idempotencyKey: string | undefined;
  readonly accept: string;
}

/** Header names are matched without case, because the gateway passes on what the client wrote. */
export const header = (event: APIGatewayProxyEvent, name: string): string | undefined =>
  Object.entries(event.headers ?? {}).find(([key]) => key.toLowerCase() === name)?.[1];

/** In this order: size, media type, JSON, form. Each refusal says what to change. */
export const readCall = (event: APIGatewayProxyEvent, form: OperationForm): Result<ReadCall> => {
  const body = readBody(event, form);
  if (!body.ok) return body;
  const { wait, ...query } = event.queryStringParameters ?? {};
  const parts = {
    path: check(form.path, event.pathParameters ?? {}, '/path'),
    query: check(form.query ?? NO_QUERY, query, '?'),
    body: check(form.body, body.value, ''),
    wait: readWait(event, form, wait),
    key: check(
      form.isIdempotent && IdempotencyKey.optional(),
      header(event, 'idempotency-key'),
      'Idempotency-Key',
    ),
  };
  const errors = Object.values(parts).flatMap((part) => part.errors);
  if (errors.length > 0) return fail({ code: 'invalid_request', errors });
  return ok({
    path: parts.path.value,
    query: parts.query.value,
    body: parts.body.value,
    waitSeconds: parts.wait.value ?? 0,
    idempotencyKey: parts.key.value,
    accept: (header(event, 'accept') ?? '*/*').toLowerCase(),
  });
};

/** A misspelt option, or one that belongs to another route, must not be silently ignored. */
const NO_QUERY = z.strictObject({});

const JSON_TYPE = /^application\/json\s*(;\s*charset\s*=\s*"?utf-8"?\s*)?$/i;

const readBody = (event: APIGatewayProxyEvent, form: OperationForm): Result<unknown> => {
  if (!form.body) return ok(undefined);
  const bytes = Buffer.from(event.body ?? '', event.isBase64Encoded ? 'base64' : 'utf8');
  if (bytes.length > REQUEST_BODY_MAX_BYTES)
    return fail({ code: 'body_too_large', maxBytes: REQUEST_BODY_MAX_BYTES });
  if (bytes.length === 0 && !needsBody(form)) return ok({});
  if (!JSON_TYPE.test(header(event, 'content-type') ?? '')) return fail({ code: 'unsupported_media_type' });
  try {
    const text = new TextDecoder('utf-8', { fatal: true }).decode(bytes);
    const value: unknown = JSON.parse(text);
    // Two readers of a key that is there twice may differ: what somebody looked at in between would not be what is asked.
    return isJsonObject(value) && !hasEachMemberOnce(text, value)
      ? fail({ code: 'malformed_json' })
      : ok(value);
  } catch {
    return fail({ code: 'malformed_json' });
  }
};

interface Checked<T> {
  readonly value: T | undefined;
  readonly errors: readonly FieldError[];
}

const check = <S extends z.ZodType>(
  schema: S | undefined,
  given: unknown,
  at: string,
): Checked<z.output<S>> => {
  if (!schema) return { value: undefined, errors: [] };
  const read = schema.safeParse(given);
  if (read.success) return { value: read.data, errors: [] };
  return { value: undefined, errors: read.error.issues.flatMap((issue) => fieldErrors(issue, at)) };
};

const fieldErrors = (issue: z.core.$ZodIssue, at: string): FieldError[] => {
  if (issue.code === 'unrecognized_keys')
    return issue.keys.map((key) => ({
      pointer: pointer(at, [...issue.path, key]),
      detail: 'is not known here',
    }));
  return [{ pointer: pointer(at, issue.path), detail: issue.message }];
};

const pointer = (at: string, path: readonly PropertyKey[]): string => {
  const steps = path.map((step) => String(step).replaceAll('~', '~0').replaceAll('/', '~1'));
  return at === '?' ? `?${steps.join('.')}` : [at, ...steps].join('/') || '/';
};

/** The longer of header and query wins nothing: the query is the more deliberate, and both are capped. */
const readWait = (
  event: APIGatewayProxyEvent,
  form: OperationForm,
  query: string | undefined,
): Checked<number> => {
  if (!form.canWait)
    return {
      value: 0,
      errors: query === undefined ? [] : [{ pointer: '?wait', detail: 'is not known here' }],
    };
  const preferred = /(?:^|[,;\s])wait\s*=\s*(\d{1,6})(?=$|[,;\s])/i.exec(header(event, 'prefer') ?? '')?.[1];
  const unsaid = form.waitsUnlessTold ? String(WAIT_MAX_SECONDS) : '0';
  const asked = check(WaitSeconds, query ?? preferred ?? unsaid, '?wait');
  return { ...asked, value: Math.min(asked.value ?? 0, WAIT_MAX_SECONDS) };
};
