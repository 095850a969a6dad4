import type { APIGatewayProxyEvent } from 'aws-lambda';
import { LOGIN_MAX_SECONDS, SESSION_SECONDS, SIGNED_OUT_MARK_SECONDS } from '../core/limits.ts';
import { headerValues } from './request.ts';

/**
 * `__Host-`: browsers take these from this host alone, over TLS, and for every path, so that no other host of the domain can
 * plant one. `Lax`: a link of a message and the way back from the issuer carry them, a form of another site does not.
 */
const SESSION_COOKIE = '__Host-latchkey-session';
const LOGIN_COOKIE = '__Host-latchkey-login';
const SIGNED_OUT_COOKIE = '__Host-latchkey-signed-out';
const ATTRIBUTES = 'Path=/; Secure; HttpOnly; SameSite=Lax';

export const sessionCookie = (id: string): string =>
  `${SESSION_COOKIE}=${id}; Max-Age=${SESSION_SECONDS}; ${ATTRIBUTES}`;

export const loginCookie = (value: string): string =>
  `${LOGIN_COOKIE}=${value}; Max-Age=${LOGIN_MAX_SECONDS}; ${ATTRIBUTES}`;

export const noSessionCookie = (): string => `${SESSION_COOKIE}=; Max-Age=0; ${ATTRIBUTES}`;

export const noLoginCookie = (): string => `${LOGIN_COOKIE}=; Max-Age=0; ${ATTRIBUTES}`;

/** Says that somebody meant to leave this browser. It authorises nothing. */
export const signedOutCookie = (): string =>
  `${SIGNED_OUT_COOKIE}=yes; Max-Age=${SIGNED_OUT_MARK_SECONDS}; ${ATTRIBUTES}`;

export const noSignedOutCookie = (): string => `${SIGNED_OUT_COOKIE}=; Max-Age=0; ${ATTRIBUTES}`;

export const hasSignedOut = (event: APIGatewayProxyEvent): boolean =>
  cookieOf(event, SIGNED_OUT_COOKIE) !== undefined;

/** 43 letters are 32 bytes; undefined for anything else. */
export const sessionIdOf = (event: APIGatewayProxyEvent): string | undefined => {
  const id = cookieOf(event, SESSION_COOKIE);
  return id !== undefined && /^[\w-]{43}$/.test(id) ? id : undefined;
};

export const loginValueOf = (event: APIGatewayProxyEvent): string | undefined =>
  cookieOf(event, LOGIN_COOKIE);

/** Undefined when there is none, and when there are two. */
const cookieOf = (event: APIGatewayProxyEvent, name: string): string | undefined => {
  const pairs = headerValues(event, 'cookie').flatMap((value) => value.split(';'));
  const [value, another] = pairs
    .map((pair) => pair.trim())
    .filter((pair) => pair.startsWith(`${name}=`))
    .map((pair) => pair.slice(name.length + 1));
  return another === undefined ? value : undefined;
};
