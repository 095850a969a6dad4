import type { DecisionRefusal } from '../core/approval/decision-refusal.ts';
import type { ContainmentRefusal } from '../core/containment/containment-refusal.ts';
import { DECISION_SIGN_IN_MAX_AGE_SECONDS, NOTE_MAX_CHARACTERS } from '../core/limits.ts';

/** What happened, and what the person can do about it. */
export interface Message {
  readonly status: number;
  readonly title: string;
  readonly what: string;
  readonly next: string;
}

/** Why somebody's word did not count, about a request or about a stop. */
export type Refusal = DecisionRefusal | ContainmentRefusal;

export const refusalWords = ({ code }: Refusal): Message => REFUSALS[code];

const NOTHING = 'Nothing was changed.';

const REFUSALS: Readonly<Record<Refusal['code'], Message>> = {
  not_found: {
    status: 404,
    title: 'There is nothing here',
    what: 'No such request exists, or it is not for you to see.',
    next: 'Look at what waits for you. If a link of a message led here, ask whoever sent it.',
  },
  over: {
    status: 409,
    title: 'It is over',
    what: `Somebody decided already, or it was withdrawn. ${NOTHING}`,
    next: 'Open it again to see what became of it.',
  },
  late: {
    status: 409,
    title: 'Too late',
    what: `The time to decide is over. ${NOTHING}`,
    next: 'If the work is still wanted, its agent has to ask again.',
  },
  changed: {
    status: 409,
    title: 'It is not what you saw',
    what: `What is asked is not what your page showed. ${NOTHING}`,
    next: 'Open it again, read it again, and decide then.',
  },
  own_request: {
    status: 403,
    title: 'Your own request',
    what: `It was made by you, for you, or by an agent that you answer for. ${NOTHING}`,
    next: 'Somebody else has to decide.',
  },
  not_allowed: {
    status: 403,
    title: 'Not yours to decide',
    what: `No policy lets you do that. ${NOTHING}`,
    next: 'Leave it to those whom the policies name, or ask for a change of the policies.',
  },
  sign_in_again: {
    status: 403,
    title: 'Sign in again',
    what: `A decision needs a sign-in of the last ${DECISION_SIGN_IN_MAX_AGE_SECONDS / 60} minutes, so that nobody decides at a screen you left. ${NOTHING}`,
    next: 'Sign in again. You come back to the same page and decide there; a note has to be written again.',
  },
  not_a_person: {
    status: 403,
    title: 'You may not decide',
    what: `Only people decide here, and your account is not known as a person’s. ${NOTHING}`,
    next: 'If you are one, ask the team that runs Latchkey to list you.',
  },
  reason_missing: {
    status: 422,
    title: 'Say why',
    what: `This needs a reason, and there was none. ${NOTHING}`,
    next: 'Go back and write one.',
  },
  too_long: {
    status: 422,
    title: 'Too long',
    what: `A note has at most ${NOTE_MAX_CHARACTERS} characters, and a duration at most what was asked for. ${NOTHING}`,
    next: 'Go back and make it shorter.',
  },
  not_known: {
    status: 422,
    title: 'There is no such thing to stop',
    what: `No principal of that name, no task or no resource of that id: a stop of it would stop nothing. ${NOTHING}`,
    next: 'Go back and check it. A principal whom the configuration knows by its claims alone has to be named by its key.',
  },
  own_containment: {
    status: 403,
    title: 'A second person lifts it',
    what: `You placed this stop, or it is about you or about an agent that you answer for. ${NOTHING}`,
    next: 'Somebody who had no part in it has to lift it.',
  },
  contained: {
    status: 403,
    title: 'You are stopped yourself',
    what: `While somebody has stopped you, you place and lift no stops. ${NOTHING}`,
    next: 'Ask somebody else.',
  },
  too_many: {
    status: 429,
    title: 'Too many stops stand',
    what: `They are looked at with every use, so there is a limit. ${NOTHING}`,
    next: 'Stop everything instead, or have what is no longer needed lifted.',
  },
  not_offered: {
    status: 422,
    title: 'Not among the choices',
    what: `That cannot be given for this request. ${NOTHING}`,
    next: 'Open it again and choose one of what the page offers.',
  },
};

export const UNKNOWN_PAGE: Message = {
  status: 404,
  title: 'No such page',
  what: 'The console has no page at this address.',
  next: 'Look at what waits for you.',
};

export const FORM_REFUSED: Message = {
  status: 403,
  title: 'The form was not accepted',
  what: `It came from a page that is too old, or not from this console. ${NOTHING}`,
  next: 'Open the page again and send the form from there. If you did not mean to send one, somebody may have tried to make you.',
};

export const SIGNED_OUT_MEANWHILE: Message = {
  status: 401,
  title: 'You are not signed in',
  what: `You have signed out, or an hour is over. ${NOTHING}`,
  next: 'Sign in, open the page again and decide there.',
};

export const SIGN_IN_FAILED: Message = {
  status: 403,
  title: 'The sign-in did not succeed',
  what: 'It was cancelled, it took too long, it was begun in another window, or the answer of your identity provider was not valid.',
  next: 'Sign in again. If it fails again, ask the team that runs Latchkey: the log says why.',
};

export const SIGNED_OUT: Message = {
  status: 200,
  title: 'You are signed out',
  what: 'Your session here is over. Your identity provider may still know you, and is told to ask when somebody signs in here next.',
  next: 'Close the window, or sign in again.',
};

export const AWAY: Message = {
  status: 503,
  title: 'A service did not answer',
  what: 'Latchkey depends on it. Whether your decision was recorded is not known here; the page of the request shows it.',
  next: 'Wait a moment and open the page again.',
};

export const BROKEN: Message = {
  status: 500,
  title: 'Something went wrong',
  what: 'That was our fault. Whether your decision was recorded is not known here; the page of the request shows it.',
  next: 'Open the page again. If it happens again, tell the team that runs Latchkey the id below.',
};
