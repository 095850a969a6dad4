import { createHash } from 'node:crypto';
import canonicalize from 'canonicalize';

/** SHA-256 (hex) over the RFC 8785 form: the same content has the same digest, however its keys were ordered. */
export const digestOf = (content: object): string => {
  const canonical = canonicalize(content);
  if (canonical === undefined) throw new Error('content has no canonical form');
  return createHash('sha256').update(canonical, 'utf8').digest('hex');
};
