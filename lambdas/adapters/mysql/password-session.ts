import { createHash } from 'node:crypto';
import type { MysqlResource } from '../../core/config/resource.ts';
import type { PasswordSession } from '../database/renew-password.ts';
import { ADMIN_USER, type SignOwn } from '../database/sign-own.ts';
import { passwordIdentity } from './identity.ts';
import { asAdmin } from './session.ts';

/** MySQL takes 64 characters. A user of a grant could take this lock too, but for its name, which it cannot know. */
const claimOf = (versionId: string): string =>
  `latchkey ${createHash('sha256').update(versionId).digest('hex').slice(0, 40)}`;

export const mysqlPasswordSession = async (
  { resource, signOwn }: { readonly resource: MysqlResource; readonly signOwn: SignOwn },
  work: (session: PasswordSession) => Promise<void>,
): Promise<void> =>
  asAdmin({ resource, signOwn }, (session) =>
    work({
      async claim(versionId) {
        const [row] = await session.ask<{ got: number | null }>('SELECT GET_LOCK(?, 0) AS got', [
          claimOf(versionId),
        ]);
        return row?.got === 1;
      },
      async change(password) {
        const identity = passwordIdentity(resource.target, ADMIN_USER, password);
        await session.ask('CALL latchkey.change_own_password(?, ?)', [...identity]);
      },
    }),
  );
