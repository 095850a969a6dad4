import type { ExecuteAsk, ExecutionFailure } from '../../app/ports.ts';
import { isDatabaseError, type RunSession, sentences } from './run-session.ts';
import type { Supervision } from './supervise.ts';

/** A run that ends without an answer, for a reason of ours. The transaction is rolled back. */
export class Stopped extends Error {
  readonly failure: ExecutionFailure;
  constructor(failure: ExecutionFailure) {
    super(failure.code);
    this.failure = failure;
  }
}

/** `proceed` threw: nothing was executed, and what it threw (`cause`) goes on to the caller as it is. */
export class NotDecided extends Error {}

export interface Execution {
  readonly session: RunSession;
  readonly ask: ExecuteAsk;
  readonly supervision: Supervision;
  /** COMMIT was sent: what comes now may be told by a server that has committed. */
  committing: boolean;
}

const QUERY_CANCELED = '57014';
/** The session was ended: by an administrator, a crash, a shutdown, or for waiting too long for us. */
const SESSION_ENDED = /^(57P0[1-5]|25P0[34])$/;

/**
 * What an error of the driver means for the run. An error that is neither the server's nor of a connection that ended
 * is a bug, and thrown on.
 */
export const executionFailure = (error: unknown, execution: Execution): ExecutionFailure => {
  if (error instanceof Stopped) return error.failure;
  const { session, ask, supervision, committing } = execution;
  const { maxSeconds, maxBytes } = ask.limits;
  const refusal = isDatabaseError(error) && !SESSION_ENDED.test(error.code) ? error : undefined;
  if (refusal?.code === QUERY_CANCELED && supervision.isOver()) return { code: 'took_too_long', maxSeconds };
  if (refusal) return targetRefused(refusal.code, sentences(refusal));
  if (!isDatabaseError(error) && session.state() === 'open') throw error;
  if (committing) return { code: 'connection_lost', committed: 'unknown' };
  if (session.state() === 'flooded') return { code: 'answer_too_large', maxBytes };
  if (supervision.hasFired()) return { code: 'took_too_long', maxSeconds };
  return { code: 'connection_lost', committed: 'no' };
};

export const targetRefused = (sqlState: string, message: string): ExecutionFailure => ({
  code: 'target_refused',
  sqlState,
  message,
});
