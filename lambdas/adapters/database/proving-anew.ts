import type { DatabaseResource } from '../../core/config/databases.ts';
import { ADMIN_USER } from './sign-own.ts';

interface Proving {
  readonly resource: DatabaseResource;
  readonly user: string;
}

/** As it was kept, as it stands now, and the one that was about to replace it. */
const PROOFS = 3;

/**
 * Logs in, and where the administrator's password was refused tries what else it may be: it is replaced after use, also by
 * another of our functions a moment ago, or by one that died half-way. `refused` counts the refusals so far.
 */
export const provingAnew = async <T>(
  { resource, user }: Proving,
  isRefusal: (error: unknown) => boolean,
  logIn: (refused: number) => Promise<T>,
): Promise<T> => {
  const proofs = resource.target.auth === 'password' && user === ADMIN_USER ? PROOFS : 1;
  for (let refused = 0; ; refused += 1)
    try {
      return await logIn(refused);
    } catch (error) {
      if (refused + 1 === proofs || !isRefusal(error)) throw error;
    }
};
