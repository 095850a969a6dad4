import { createHash } from 'node:crypto';

/**
 * SHA-256 of `header.payload`, hex. The signature is left out: an ECDSA signature can be rewritten by anybody into
 * another valid one, so a fingerprint of the whole text would call one token two.
 */
export const tokenFingerprint = (token: string): string =>
  createHash('sha256')
    .update(token.slice(0, token.lastIndexOf('.')))
    .digest('hex');
