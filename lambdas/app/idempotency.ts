import { createHash } from 'node:crypto';
import canonicalize from 'canonicalize';
import { IDEMPOTENCY_SECONDS, SECOND_MS } from '../core/limits.ts';
import type { Result } from '../core/result.ts';
import { fail, ok } from '../core/result.ts';
import type { EpochMs } from '../core/time.ts';
import type { Commit, IdempotencyRecord } from './ports.ts';

/** SHA-256 (hex) over the RFC 8785 form of a request, so that the order of keys and spaces do not matter. */
export const hashOfRequest = (request: object): string =>
  createHash('sha256')
    .update(canonicalize(request) ?? '')
    .digest('hex');

/** What the same key made before: its id, nothing, or a mismatch when the request was another one. */
export const earlierRequest = (
  record: IdempotencyRecord | undefined,
  request: object,
  now: EpochMs,
): Result<string | undefined> => {
  if (!record || isPast(record, now)) return ok(undefined);
  if (record.bodyHash !== hashOfRequest(request)) return fail({ code: 'idempotency_mismatch' });
  return ok(record.made);
};

/** What is committed with whatever the request made, so that its key finds that again; nothing where there is no key. */
export const rememberRequest = (
  key: string | undefined,
  request: object,
  made: { readonly principalKey: string; readonly id: string; readonly at: EpochMs },
): Pick<Commit, 'idempotency'> =>
  key === undefined
    ? {}
    : {
        idempotency: {
          principalKey: made.principalKey,
          key,
          bodyHash: hashOfRequest(request),
          made: made.id,
          createdAt: made.at,
        },
      };

/** In whole seconds, as the stored record has it: one that is past here must be replaceable there at once. */
const isPast = ({ createdAt }: IdempotencyRecord, now: EpochMs): boolean =>
  Math.floor(now / SECOND_MS) > Math.ceil(createdAt / SECOND_MS) + IDEMPOTENCY_SECONDS;
