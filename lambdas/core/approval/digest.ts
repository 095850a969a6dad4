import { createHash } from 'node:crypto';
import canonicalize from 'canonicalize';
import type { Resource } from '../config/resource.ts';
import type { Asked, Granted } from './approval.ts';

/** SHA-256 (hex) over the RFC 8785 form: neither the order of keys nor spaces make a difference, everything else does. */
const hashOf = (value: object): string => {
  const text = canonicalize(value);
  if (text === undefined) throw new TypeError('what is approved must be JSON');
  return createHash('sha256').update(text).digest('hex');
};

/** What consent is bound to. */
export const digestOf = (asked: Asked): string => hashOf(asked);

/** What was given, under a hash of its own, since it may be less than what was asked. */
export const grantedHashOf = (digest: string, granted: Granted): string => hashOf({ digest, granted });

export const resourceDigestOf = (resource: Resource): string => hashOf(resource);

/** What the key of a task makes a keyed hash of, for one statement: its bytes, its parameters and how much it may answer. */
export const statementText = (statement: {
  readonly sql: string;
  readonly params: readonly (string | null)[];
  readonly maxRows: number;
}): string => {
  const { sql, params, maxRows } = statement;
  return canonicalize({ sql, params, maxRows }) ?? '';
};
