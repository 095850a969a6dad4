import {
  DependencyUnavailable,
  type ExecuteAsk,
  type ExecutionFailure,
  type StatementTarget,
} from '../../app/ports.ts';
import { fail, ok } from '../../core/result.ts';
import type { SignOwn } from '../database/sign-own.ts';
import { type Execution, executionFailure, NotDecided, targetRefused } from './execution-failure.ts';
import { isDatabaseError, openRunSession, type RunSession, sentences } from './run-session.ts';
import { runStatement } from './run-statement.ts';
import { supervise } from './supervise.ts';

/** The port `StatementTarget`: one statement, one connection, one transaction. */
export const statementTarget = ({ signOwn }: { readonly signOwn: SignOwn }): StatementTarget => ({
  async execute(ask) {
    const session = await logInFor(ask, signOwn);
    return 'code' in session ? fail(session) : supervised(session, ask, signOwn);
  },
});

/** Invalid authorization, no such database, no right to connect: answers about this login, and none about the server. */
const LOGIN_REFUSED = /^(28|3D000|42501)/;

const logInFor = async (ask: ExecuteAsk, signOwn: SignOwn): Promise<RunSession | ExecutionFailure> => {
  const { resource, grantId, statement, limits } = ask;
  const readOnly = statement.class === 'read';
  try {
    return await openRunSession({ resource, grantId, signOwn, readOnly, maxSeconds: limits.maxSeconds });
  } catch (error) {
    if (isDatabaseError(error) && LOGIN_REFUSED.test(error.code))
      return targetRefused(error.code, sentences(error));
    throw new DependencyUnavailable('target', error);
  }
};

const supervised = async (
  session: RunSession,
  ask: ExecuteAsk,
  signOwn: SignOwn,
): ReturnType<StatementTarget['execute']> => {
  const { resource, limits } = ask;
  const supervision = supervise({ session, resource, maxSeconds: limits.maxSeconds, signOwn });
  const execution: Execution = { session, ask, supervision, committing: false };
  let mayStillRun = false;
  try {
    return ok(await runStatement(execution));
  } catch (error) {
    // A server that said why it ended the session has ended it. One that just went silent may be at it still.
    mayStillRun = session.state() !== 'open' && !isDatabaseError(error);
    if (session.state() === 'open') await session.ask('ROLLBACK').catch(() => undefined);
    if (error instanceof NotDecided) throw error.cause;
    return fail(executionFailure(error, execution));
  } finally {
    await supervision.release(mayStillRun);
    await session.close();
  }
};
