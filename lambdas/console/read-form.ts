import type { APIGatewayProxyEvent } from 'aws-lambda';
import { FORM_BODY_MAX_BYTES } from '../core/limits.ts';
import { fail, ok, type Result } from '../core/result.ts';
import { headerValues, onlyHeader } from './request.ts';

/** Why a form was not read. For our log; whoever sent it is only told to open the page again. */
export type FormRefusal =
  | 'origin_wrong'
  | 'cross_site'
  | 'media_type_wrong'
  | 'too_large'
  | 'malformed'
  | 'token_wrong'
  | 'fields_wrong';

/** Field names and values. Line ends are one character, as the person typed them. */
export type FormFields = ReadonlyMap<string, string>;

/**
 * Reads a form that a page of ours was sent with. The origin is looked at first: a browser states it on every POST, and
 * `null` is nobody's.
 */
export const readForm = (event: APIGatewayProxyEvent, ownOrigin: string): Result<FormFields, FormRefusal> => {
  if (onlyHeader(event, 'origin') !== ownOrigin) return fail('origin_wrong');
  // Browsers that state it know better than any header a page could influence; older ones leave it out.
  if (headerValues(event, 'sec-fetch-site').some((site) => site !== 'same-origin')) return fail('cross_site');
  if (!FORM_TYPE.test(onlyHeader(event, 'content-type') ?? '')) return fail('media_type_wrong');
  const bytes = Buffer.from(event.body ?? '', event.isBase64Encoded ? 'base64' : 'utf8');
  if (bytes.length > FORM_BODY_MAX_BYTES) return fail('too_large');
  const fields = decodeFields(bytes);
  return fields ? ok(fields) : fail('malformed');
};

const FORM_TYPE = /^application\/x-www-form-urlencoded\s*(;\s*charset\s*=\s*"?utf-8"?\s*)?$/i;

/** Undefined when a byte is not UTF-8, an escape is broken, or a name is there twice: two readers could read it as two forms. */
const decodeFields = (bytes: Uint8Array): FormFields | undefined => {
  try {
    const text = new TextDecoder('utf-8', { fatal: true }).decode(bytes);
    const pairs = text === '' ? [] : text.split('&').map(decodePair);
    const fields = new Map(pairs);
    return fields.size === pairs.length ? fields : undefined;
  } catch {
    return undefined;
  }
};

const decodePair = (pair: string): readonly [string, string] => {
  const at = pair.indexOf('=');
  if (at < 1) throw new URIError('a field has no name or no value');
  return [decodePart(pair.slice(0, at)), decodePart(pair.slice(at + 1))];
};

/** Throws where the bytes behind the escapes are not UTF-8. */
const decodePart = (part: string): string =>
  decodeURIComponent(part.replaceAll('+', ' ')).replace(/\r\n?/g, '\n');
