import { createHash } from 'node:crypto';
import { markOf } from '../grant/ids.ts';
import { HASHED_NAME_CHARACTERS, SESSION_NAME_MAX_CHARACTERS } from '../limits.ts';

/** What a session is told of, in CloudTrail and in conditions of policies. */
export interface SessionMarks {
  readonly tags: Readonly<Record<SessionTag, string>>;
  /** Stays with whatever the session does, in every account: who answers for it. */
  readonly sourceIdentity: string;
}

export const SESSION_TAGS = [
  'latchkey:grant',
  'latchkey:task',
  'latchkey:principal',
  'latchkey:owner',
  'latchkey:mark',
] as const;

export type SessionTag = (typeof SESSION_TAGS)[number];

/** Only on sessions that prove an end, which may do nothing else. */
export const PURPOSE_TAG = 'latchkey:purpose';
export const PROBE_PURPOSE = 'probe';
/** What the deny policy names a grant by: the whole of its id would fit less than half as often. */
export const MARK_TAG = 'latchkey:mark';

export interface MarkedGrant {
  readonly id: string;
  readonly task: string;
  readonly principal: { readonly name: string };
  readonly owners: readonly { readonly subject: string }[];
}

/** A grant without an owner is its principal's own: then that is who answers. */
export const sessionMarks = (grant: MarkedGrant): SessionMarks => {
  const { name } = grant.principal;
  const owner = grant.owners[0]?.subject ?? name;
  return {
    tags: {
      'latchkey:grant': grant.id,
      'latchkey:task': grant.task,
      'latchkey:principal': inAlphabet(name, TAG_VALUE),
      'latchkey:owner': inAlphabet(owner, TAG_VALUE),
      'latchkey:mark': markOf(grant.id),
    },
    sourceIdentity: inAlphabet(owner, SOURCE_IDENTITY),
  };
};

/**
 * Alphabets of AWS, whose own names begin with `aws:`. Tags and policy share one packed size, so a long name is worth no more
 * than its hash; and what looks like one of our hashes is hashed itself, or a name could be taken for another.
 */
const NOT_OURS = '(?!aws:|sha256=)';
const MAX = SESSION_NAME_MAX_CHARACTERS;
const TAG_VALUE = new RegExp(`^${NOT_OURS}[\\p{L}\\p{Z}\\p{N}_.:/=+@-]{1,${MAX}}$`, 'iu');
const SOURCE_IDENTITY = new RegExp(`^${NOT_OURS}[\\w+=,.@-]{2,${MAX}}$`, 'i');

/** `printf %s "$name" | sha256sum` finds the hash again: its first 32 digits. */
const inAlphabet = (name: string, alphabet: RegExp): string =>
  alphabet.test(name)
    ? name
    : `sha256=${createHash('sha256').update(name).digest('hex').slice(0, HASHED_NAME_CHARACTERS)}`;
