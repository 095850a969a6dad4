import { clientOf } from '../app/caller.ts';
import type { Clock, Log } from '../app/ports.ts';
import type { PeopleIssuer } from '../app/ports-of-people.ts';
import { cookieHash, type SignInDeps } from '../app/sign-in-person.ts';
import { personOf, type Visitor } from '../app/visitor.ts';
import { isSessionLive, type Session } from '../core/identity/session.ts';
import { type Answer, pageAnswer, redirectAnswer } from './answer.ts';
import { sessionIdOf } from './cookies.ts';
import { type FormSubject, formToken, isFormToken } from './form-token.ts';
import { linkItem, messagePage } from './message-page.ts';
import type { Frame } from './page.ts';
import { type ConsoleAddress, type Place, signInPath } from './place.ts';
import { type FormFields, type FormRefusal, readForm } from './read-form.ts';
import { FORM_REFUSED, refusalWords, SIGNED_OUT_MEANWHILE } from './refusal-words.ts';
import type { ConsoleCall } from './request.ts';
import type { ConsoleUseCases } from './use-cases.ts';

export interface ConsoleDeps extends SignInDeps {
  readonly address: ConsoleAddress;
  readonly issuer: PeopleIssuer;
  readonly useCases: ConsoleUseCases;
  readonly clock: Clock;
  readonly log: Log;
}

/** A signed-in person at one of our pages. */
export interface Visit {
  readonly visitor: Visitor;
  readonly session: Session;
  readonly frame: Frame;
}

/** A frame for those who have not signed in, and for errors. */
export const bareFrame = ({ address }: Pick<ConsoleDeps, 'address'>): Frame => ({
  path: address.path,
  person: undefined,
});

/** Undefined: nobody is signed in, or not any more. */
const findVisit = async (deps: ConsoleDeps, call: ConsoleCall): Promise<Visit | undefined> => {
  const id = sessionIdOf(call.event);
  const session = id === undefined ? undefined : await deps.sessions.find(cookieHash(id));
  if (!session || !isSessionLive(session, deps.clock(), deps.software.policyDigest)) return undefined;
  const { principal, authenticatedAt, formSecret } = session;
  return {
    session,
    visitor: { principal, authenticatedAt, ...callerPartsOf(call) },
    frame: {
      path: deps.address.path,
      person: { name: principal.name, signOutToken: formToken(formSecret, SIGN_OUT) },
    },
  };
};

export const callerPartsOf = ({ event, invocationId }: ConsoleCall) => ({
  client: clientOf(event.requestContext.identity),
  requestId: event.requestContext.requestId,
  invocationId,
});

export const SIGN_OUT: FormSubject = { form: 'sign_out', id: '', digest: '' };

/**
 * A page for people. Whoever has not signed in is sent there, and nothing is written for them: previews and link scanners
 * fetch pages too. Whoever is no person sees that and nothing else.
 */
export const showToPerson = async (
  deps: ConsoleDeps,
  { call, place }: { readonly call: ConsoleCall; readonly place: Place },
  show: (visit: Visit) => Promise<Answer>,
): Promise<Answer> => {
  const visit = await findVisit(deps, call);
  if (!visit) return redirectAnswer(signInPath(deps.address, place), []);
  return isPerson(deps, visit) ? show(visit) : notAPerson(visit);
};

/** A form of a page, from the session that the page was shown to, for the subject that the page was about. */
export const takeForm = async (
  deps: ConsoleDeps,
  { call, place }: { readonly call: ConsoleCall; readonly place: Place },
  take: (visit: Visit, fields: FormFields) => Promise<Answer>,
): Promise<Answer> => {
  const read = readForm(call.event, deps.address.origin);
  if (!read.ok) return refuseForm(deps, call, read.failure);
  const visit = await findVisit(deps, call);
  // Not a redirect: `form-action` would not let a form end up at the issuer.
  if (!visit)
    return pageAnswer(
      SIGNED_OUT_MEANWHILE.status,
      messagePage(bareFrame(deps), SIGNED_OUT_MEANWHILE, {
        links: linkItem(signInPath(deps.address, place), 'Sign in'),
      }),
    );
  return take(visit, read.value);
};

/** Undefined when the token is this form's own; else the answer. */
export const checkToken = (
  deps: ConsoleDeps,
  { call, session }: { readonly call: ConsoleCall; readonly session: Session },
  { subject, fields }: { readonly subject: FormSubject; readonly fields: FormFields },
): Answer | undefined =>
  isFormToken(fields.get('token') ?? '', session.formSecret, subject)
    ? undefined
    : refuseForm(deps, call, 'token_wrong');

export const refuseForm = (deps: ConsoleDeps, call: ConsoleCall, reason: FormRefusal): Answer => {
  deps.log('warn', 'form refused', { reason, requestId: call.event.requestContext.requestId });
  return pageAnswer(FORM_REFUSED.status, messagePage(bareFrame(deps), FORM_REFUSED));
};

/** As the use cases see it: an unlisted one, and one whose groups nobody knows, is none. */
export const isPerson = (deps: Pick<ConsoleDeps, 'principals'>, { visitor }: Visit): boolean =>
  personOf(visitor, deps.principals) !== undefined;

export const notAPerson = ({ frame }: Visit): Answer => {
  const message = refusalWords({ code: 'not_a_person' });
  return pageAnswer(message.status, messagePage(frame, message));
};
