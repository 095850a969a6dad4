import * as z from 'zod';
import {
  DELEGATION_MAX_DEPTH,
  GROUP_NAME_MAX_CHARACTERS,
  IDENTITY_CONTEXT_MAX_BYTES,
  SUBJECT_MAX_CHARACTERS,
} from '../limits.ts';
import { fail, ok, type Result } from '../result.ts';
import type { EpochMs } from '../time.ts';
import type { Principal } from './principal.ts';

/** What an authorizer may hand on: API Gateway passes flat strings only. All of them ASCII. */
export type IdentityContext = Readonly<Record<string, string>>;

/** Raised when the meaning of a field changes: an answer that the gateway cached before a deploy is then refused. */
const VERSION = '1';

const UNKNOWN_GROUPS = 'unknown';

/** The authorizer's side. Groups that do not fit the gateway become unknown: a cut list would be a false one. */
export const encodeIdentity = (principal: Principal): IdentityContext => {
  const { groups } = principal;
  const encoded = {
    version: VERSION,
    issuer: principal.issuer,
    subject: principal.subject,
    type: principal.type,
    name: principal.name,
    listed: String(principal.listed),
    groups: groups.known ? asciiJson(groups.names) : UNKNOWN_GROUPS,
    owners: asciiJson(principal.owners),
    delegation: asciiJson(principal.delegation),
    tokenFingerprint: principal.tokenFingerprint,
    tokenExpiresAt: String(principal.tokenExpiresAt),
  };
  const fits = JSON.stringify(encoded).length <= IDENTITY_CONTEXT_MAX_BYTES;
  return fits ? encoded : { ...encoded, groups: UNKNOWN_GROUPS };
};

/**
 * The functions' side, and their only source of identity. `context` is `requestContext.authorizer` of the gateway's
 * event. Refuses what it does not recognise exactly, and tokens that ended while the gateway's cache held them.
 */
export const decodeIdentity = (context: unknown, now: EpochMs): Result<Principal> => {
  const read = IdentityContextSchema.safeParse(context);
  if (!read.success || read.data.tokenExpiresAt <= now) return fail({ code: 'token_refused' });
  const { version, principalId, integrationLatency, ...principal } = read.data;
  return ok(principal);
};

/** Groups and names of owners may be in any script; the gateway promises nothing about what is not ASCII. */
const asciiJson = (value: unknown): string =>
  JSON.stringify(value).replace(
    /[\u007f-\uffff]/g,
    (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );

const json = <T>(schema: z.ZodType<T>) =>
  z
    .string()
    .transform((text, context): unknown => {
      try {
        return JSON.parse(text);
      } catch {
        context.addIssue({ code: 'custom', message: 'is not JSON' });
        return z.NEVER;
      }
    })
    .pipe(schema);

const Subject = z.string().min(1).max(SUBJECT_MAX_CHARACTERS);
const Id = z.strictObject({ issuer: Subject, subject: Subject });
const GroupNames = z.array(z.string().min(1).max(GROUP_NAME_MAX_CHARACTERS));

const IdentityContextSchema = z.strictObject({
  version: z.literal(VERSION),
  issuer: Subject,
  subject: Subject,
  type: z.enum(['agent', 'workload', 'human']),
  name: Subject,
  listed: z.enum(['true', 'false']).transform((text) => text === 'true'),
  groups: z.union([
    z.literal(UNKNOWN_GROUPS).transform(() => ({ known: false }) as const),
    json(GroupNames).transform((names) => ({ known: true, names }) as const),
  ]),
  owners: json(z.array(Id.extend({ name: Subject }))),
  delegation: json(z.array(Id).max(DELEGATION_MAX_DEPTH)),
  tokenFingerprint: z.string().regex(/^[0-9a-f]{64}$/),
  tokenExpiresAt: z
    .string()
    .regex(/^\d{1,15}$/)
    .transform(Number),
  /** These two are the gateway's own additions. */
  principalId: z.string().optional(),
  integrationLatency: z.unknown().optional(),
});
