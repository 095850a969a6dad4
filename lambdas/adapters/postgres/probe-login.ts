import { DatabaseError } from 'pg';
import { connectWhenRoom, type Login } from './session.ts';

/** `unknown` is never taken for dead: a time-out, a TLS error or a refused signature say nothing about the role. */
export type ProbeOutcome = 'refused' | 'got_in' | 'unknown';

const INVALID_AUTHORIZATION = '28000';

/**
 * A fresh login as the grant's own user, correctly signed, which only the role itself can now refuse. A full database
 * answers after the role; a full server before it, and is asked again.
 */
export const probeLogin = async (login: Login): Promise<ProbeOutcome> => {
  try {
    const session = await connectWhenRoom(login);
    await session.close();
    return 'got_in';
  } catch (error) {
    return isRefusedByRole(error, login.user) ? 'refused' : 'unknown';
  }
};

/** RDS answers a bad signature with the same SQLSTATE, so the server's own sentence is asked for too, in English. */
const isRefusedByRole = (error: unknown, user: string): boolean =>
  error instanceof DatabaseError &&
  error.code === INVALID_AUTHORIZATION &&
  error.message === `role "${user}" is not permitted to log in`;
