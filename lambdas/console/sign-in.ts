import * as z from 'zod';
import type { LoginSecrets } from '../app/ports-of-people.ts';
import { cookieHash, secret, signedOut, signInPerson } from '../app/sign-in-person.ts';
import { type Answer, pageAnswer, redirectAnswer } from './answer.ts';
import {
  hasSignedOut,
  loginCookie,
  loginValueOf,
  noLoginCookie,
  noSessionCookie,
  noSignedOutCookie,
  sessionCookie,
  sessionIdOf,
  signedOutCookie,
} from './cookies.ts';
import { linkItem, messagePage } from './message-page.ts';
import { type Place, pathOf, readPlace, signInPath } from './place.ts';
import { SIGN_IN_FAILED, SIGNED_OUT } from './refusal-words.ts';
import { type ConsoleCall, queryOf } from './request.ts';
import { bareFrame, type ConsoleDeps, callerPartsOf, checkToken, SIGN_OUT, takeForm } from './visit.ts';

/** What the browser keeps until it comes back from the issuer. A page of another site can neither read nor plant it. */
interface Login extends LoginSecrets {
  readonly to: Place;
}

/**
 * Sends the browser to the issuer. Writes nothing. After a sign-out the issuer is told to ask who it is: it may remember whoever
 * left, and going back one page would sign them in again.
 */
export const beginSignIn = async (deps: ConsoleDeps, { event }: ConsoleCall): Promise<Answer> => {
  const query = queryOf(event);
  const login: Login = {
    state: secret(deps.random),
    nonce: secret(deps.random),
    verifier: secret(deps.random),
    to: readPlace(query.get('to')) ?? 'inbox',
  };
  const isAgain = query.get('again') === 'yes' || hasSignedOut(event);
  const location = await deps.issuer.authorizationUrl(login, isAgain);
  const value = Buffer.from(JSON.stringify(login)).toString('base64url');
  return redirectAnswer(location, [loginCookie(value)]);
};

/** The way back. The secrets of the attempt are good once, whatever comes of it. */
export const endSignIn = async (deps: ConsoleDeps, call: ConsoleCall): Promise<Answer> => {
  const login = readLogin(loginValueOf(call.event));
  if (!login) return failed(deps, { call, reason: 'login_missing', to: 'inbox' });
  const proved = await deps.issuer.redeem(queryOf(call.event), login);
  if (!proved.ok) return failed(deps, { call, reason: proved.failure.reason, to: login.to });
  const cookie = await signInPerson(deps, proved.value, callerPartsOf(call));
  if (!cookie.ok) return failed(deps, { call, reason: cookie.failure, to: login.to });
  await endEarlierSession(deps, call);
  return redirectAnswer(pathOf(deps.address, login.to), [
    sessionCookie(cookie.value),
    noLoginCookie(),
    ...(hasSignedOut(call.event) ? [noSignedOutCookie()] : []),
  ]);
};

export const signOut = (deps: ConsoleDeps, call: ConsoleCall): Promise<Answer> =>
  takeForm(deps, { call, place: 'inbox' }, async ({ session, visitor }, fields) => {
    const refused = checkToken(deps, { call, session }, { subject: SIGN_OUT, fields });
    if (refused) return refused;
    await endEarlierSession(deps, call);
    // A trail that is away must not keep anybody from leaving.
    await signedOut(deps, visitor).catch(() => deps.log('warn', 'a sign-out is not in the trail', {}));
    const links = linkItem(signInPath(deps.address, 'inbox'), 'Sign in');
    return pageAnswer(SIGNED_OUT.status, messagePage(bareFrame(deps), SIGNED_OUT, { links }), [
      noSessionCookie(),
      signedOutCookie(),
    ]);
  });

const endEarlierSession = async (deps: ConsoleDeps, { event }: ConsoleCall): Promise<void> => {
  const id = sessionIdOf(event);
  const hash = id === undefined ? undefined : cookieHash(id);
  // Only what was begun here is written over: made-up cookies make no items.
  if (hash !== undefined && (await deps.sessions.find(hash))) await deps.sessions.end(hash, deps.clock());
};

const failed = (
  deps: ConsoleDeps,
  { call, reason, to }: { readonly call: ConsoleCall; readonly reason: string; readonly to: Place },
): Answer => {
  deps.log('warn', 'sign-in refused', { reason, requestId: call.event.requestContext.requestId });
  const links = linkItem(signInPath(deps.address, to), 'Sign in');
  return pageAnswer(SIGN_IN_FAILED.status, messagePage(bareFrame(deps), SIGN_IN_FAILED, { links }), [
    noLoginCookie(),
  ]);
};

const Secret = z.string().regex(/^[\w-]{43}$/);
const LoginSchema = z.strictObject({
  state: Secret,
  nonce: Secret,
  verifier: Secret,
  to: z.custom<Place>((value) => readPlace(value) !== undefined),
});

const LOGIN_MAX_CHARACTERS = 1_024;

const readLogin = (value: string | undefined): Login | undefined => {
  if (value === undefined || value.length > LOGIN_MAX_CHARACTERS) return undefined;
  try {
    const login = LoginSchema.safeParse(JSON.parse(Buffer.from(value, 'base64url').toString('utf8')));
    return login.success ? login.data : undefined;
  } catch {
    return undefined;
  }
};
