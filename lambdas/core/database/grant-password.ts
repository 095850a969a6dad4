import { createHash, createHmac } from 'node:crypto';
import { DATABASE_PASSWORD_KEY_MIN_BYTES } from './limits.ts';

/** The server that a user belongs to, by what is never used twice. */
export interface Server {
  readonly account: string;
  readonly region: string;
  readonly resourceId: string;
}

/**
 * The password of one user on one server: 256 bits, as 43 letters, digits, `-` and `_`. Whoever has the deployment's key
 * can compute it and nobody else, so `runner` sets it and `vend` hands it out without its being stored or sent between
 * them. Ids of grants are never used twice, so neither is a password.
 */
export const grantPassword = (key: Uint8Array, server: Server, user: string): string => {
  if (key.length < DATABASE_PASSWORD_KEY_MIN_BYTES) throw new TypeError('the key of passwords is too short');
  return createHmac('sha256', key).update(nameOf(server, user)).digest('base64url');
};

/** Neither secret nor random: it only has to differ between users, and a repeated attempt is to set the same again. */
export const saltOf = (server: Server, user: string): Uint8Array =>
  createHash('sha256')
    .update(`salt\n${nameOf(server, user)}`)
    .digest();

/** None of the parts can contain a line break. */
const nameOf = ({ account, region, resourceId }: Server, user: string): string =>
  ['latchkey database user 1', account, region, resourceId, user].join('\n');
