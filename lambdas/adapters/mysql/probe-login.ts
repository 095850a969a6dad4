import { connectWhenRoom, isAnswer, type Login } from './session.ts';

/** `unknown` is never taken for dead: a time-out, a TLS error or a refused token say nothing about the account. */
export type ProbeOutcome = 'refused' | 'got_in' | 'unknown';

/** That the account is locked: of MySQL and of MariaDB, which both say it only to whoever has proved to be its user. */
const ACCOUNT_LOCKED: ReadonlySet<number> = new Set([3118, 4151]);

/** A fresh login as the grant's own user, with the right token or password, which only the lock can now refuse. */
export const probeLogin = async (login: Login): Promise<ProbeOutcome> => {
  try {
    const session = await connectWhenRoom(login);
    await session.close();
    return 'got_in';
  } catch (error) {
    return isAnswer(error) && ACCOUNT_LOCKED.has(error.errno) ? 'refused' : 'unknown';
  }
};
