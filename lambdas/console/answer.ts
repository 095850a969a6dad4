import type { APIGatewayProxyResult } from 'aws-lambda';
import type { Html } from './html.ts';
import { STYLESHEET_SOURCE } from './stylesheet.ts';

export type Answer = APIGatewayProxyResult;

/**
 * On every answer, redirects and errors too.
 *
 * `Referrer-Policy` is `same-origin` and not `no-referrer`: under that one, browsers send a form of our own with
 * `Origin: null` (Fetch, "append a request Origin header"), which is also what a sandboxed frame of a stranger sends, so the
 * check of the origin would have to let both in. Under `same-origin` our forms carry the real origin, and the addresses of
 * approvals are told to nobody else all the same.
 */
export const SECURITY_HEADERS = {
  'Content-Security-Policy': [
    "default-src 'none'",
    `style-src ${STYLESHEET_SOURCE}`,
    "form-action 'self'",
    "frame-ancestors 'none'",
    "base-uri 'none'",
  ].join('; '),
  'X-Frame-Options': 'DENY',
  'Referrer-Policy': 'same-origin',
  'Cache-Control': 'no-store',
  'X-Content-Type-Options': 'nosniff',
  'Cross-Origin-Opener-Policy': 'same-origin',
  'Cross-Origin-Resource-Policy': 'same-origin',
  'Permissions-Policy':
    'camera=(), clipboard-read=(), display-capture=(), geolocation=(), microphone=(), payment=(), publickey-credentials-get=(), usb=()',
  'Strict-Transport-Security': 'max-age=63072000',
} as const;

export const pageAnswer = (statusCode: number, page: Html, cookies: readonly string[] = []): Answer => ({
  statusCode,
  headers: { ...SECURITY_HEADERS, 'Content-Type': 'text/html; charset=utf-8' },
  ...withCookies(cookies),
  body: String(page),
});

/** 303: whatever the method was, the next request is a GET. */
export const redirectAnswer = (location: string, cookies: readonly string[]): Answer => ({
  statusCode: 303,
  headers: { ...SECURITY_HEADERS, Location: location },
  ...withCookies(cookies),
  body: '',
});

/** The gateway takes several headers of one name in this form only. */
const withCookies = (cookies: readonly string[]) =>
  cookies.length > 0 ? { multiValueHeaders: { 'Set-Cookie': [...cookies] } } : {};
