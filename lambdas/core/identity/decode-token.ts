import { TOKEN_MAX_BYTES } from '../limits.ts';
import { fail, ok, type Result } from '../result.ts';
import type { TokenRefusal } from './token-refusal.ts';

/** A JSON object as it was parsed. Read its members with `own`, never through the prototype. */
export type JsonObject = Readonly<Record<string, unknown>>;

/** What a token says. Nothing of it is true before its signature was checked. */
export interface DecodedToken {
  readonly header: JsonObject;
  readonly payload: JsonObject;
}

/** Tokens nest two or three levels; what goes deeper is meant for our stack. */
const NESTING_MAX_DEPTH = 32;

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/**
 * Reads a compact JWS so that it can have only one meaning: canonical base64url, strict UTF-8, no member twice.
 * Looser readers disagree about such tokens, and two readers that disagree are how one identity becomes another.
 */
export const decodeToken = (token: string): Result<DecodedToken, TokenRefusal> => {
  if (token.length > TOKEN_MAX_BYTES) return fail('too_large');
  const parts = token.split('.');
  if (parts.length !== 3) return fail('malformed');
  const [header, payload, signature] = parts.map(decodePart);
  if (header === undefined || payload === undefined || signature === undefined) return fail('malformed');
  const parsedHeader = parseObject(header);
  const parsedPayload = parseObject(payload);
  if (parsedHeader === undefined || parsedPayload === undefined) return fail('malformed');
  return ok({ header: parsedHeader, payload: parsedPayload });
};

/** The member of that name which the JSON text itself held. */
export const own = (object: JsonObject, name: string): unknown =>
  Object.hasOwn(object, name) ? object[name] : undefined;

export const isJsonObject = (value: unknown): value is JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** Padding and left-over bits would give one token many spellings. */
const decodePart = (part: string): Uint8Array | undefined => {
  const bytes = Buffer.from(part, 'base64url');
  return part !== '' && bytes.toString('base64url') === part ? bytes : undefined;
};

const parseObject = (bytes: Uint8Array): JsonObject | undefined => {
  try {
    const text = utf8.decode(bytes);
    const value: unknown = JSON.parse(text);
    return isJsonObject(value) && hasEachMemberOnce(text, value) ? value : undefined;
  } catch {
    return undefined;
  }
};

/** `JSON.parse` keeps the last of two members of one name; outside strings, the text has one colon for each. */
export const hasEachMemberOnce = (text: string, value: JsonObject): boolean => {
  const colons = text.replace(/"[^"\\]*(?:\\.[^"\\]*)*"/g, '').split(':').length - 1;
  return countMembers(value, NESTING_MAX_DEPTH) === colons;
};

/** NaN, which equals nothing, when the value is nested too deeply. */
const countMembers = (value: unknown, depthLeft: number): number => {
  if (typeof value !== 'object' || value === null) return 0;
  if (depthLeft === 0) return Number.NaN;
  const children: readonly unknown[] = Object.values(value);
  let count = Array.isArray(value) ? 0 : children.length;
  for (const child of children) count += countMembers(child, depthLeft - 1);
  return count;
};
