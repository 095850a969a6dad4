import type { DatabaseResource } from '../../core/config/databases.ts';

/**
 * What a login of one database user of ours proves itself with: a token, signed just now with the function's own
 * credentials, or where the target has passwords, that user's. `refused` says how often another one was refused just now.
 */
export type SignOwn = (resource: DatabaseResource, user: string, refused?: number) => Promise<string>;

/** The user of `docs/targets/*.sql`: makes and ends users of grants, and can do little else. */
export const ADMIN_USER = 'latchkey_admin';
