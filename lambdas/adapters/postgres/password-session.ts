import { escapeLiteral } from 'pg';
import type { PostgresResource } from '../../core/config/resource.ts';
import { saltOf } from '../../core/database/grant-password.ts';
import { scramVerifier } from '../../core/database/scram-verifier.ts';
import type { PasswordSession } from '../database/renew-password.ts';
import { ADMIN_USER, type SignOwn } from '../database/sign-own.ts';
import { asAdmin } from './session.ts';

/** Two numbers are never the key of a grant, which is one, nor of a place for endings, whose first is 1. */
const CLAIM = 'SELECT pg_try_advisory_lock(2, 0) AS got';

/** Whoever has a password may change it: this is the administrator, for itself. */
export const postgresPasswordSession = async (
  { resource, signOwn }: { readonly resource: PostgresResource; readonly signOwn: SignOwn },
  work: (session: PasswordSession) => Promise<void>,
): Promise<void> =>
  asAdmin({ resource, signOwn }, (session) =>
    work({
      async claim() {
        const [row] = await session.ask<{ got: boolean }>(CLAIM);
        return row?.got === true;
      },
      async change(password) {
        const verifier = scramVerifier(password, saltOf(resource.target, ADMIN_USER));
        await session.ask(`ALTER ROLE ${ADMIN_USER} PASSWORD ${escapeLiteral(verifier)}`);
      },
    }),
  );
