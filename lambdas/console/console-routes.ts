import type { HttpMethod } from '../http/routes.ts';

export interface ConsoleRoute {
  /** Stable name: the key of the console's handler table. */
  readonly name: string;
  readonly method: Exclude<HttpMethod, 'DELETE'>;
  /** API Gateway's own syntax for parameters. */
  readonly path: string;
}

/**
 * Pages for people and Slack's own calls. They stand outside the authorizer, which knows bearer tokens only: the console
 * signs people in itself and checks Slack's signature itself.
 */
export const CONSOLE_ROUTES = [
  { name: 'inbox', method: 'GET', path: '/console' },
  { name: 'showApproval', method: 'GET', path: '/console/approvals/{id}' },
  { name: 'decide', method: 'POST', path: '/console/approvals/{id}' },
  { name: 'liveGrants', method: 'GET', path: '/console/grants' },
  { name: 'revoke', method: 'POST', path: '/console/grants/{id}' },
  { name: 'containments', method: 'GET', path: '/console/containments' },
  { name: 'contain', method: 'POST', path: '/console/containments' },
  { name: 'showContainment', method: 'GET', path: '/console/containments/{id}' },
  { name: 'liftContainment', method: 'POST', path: '/console/containments/{id}' },
  { name: 'signIn', method: 'GET', path: '/console/sign-in' },
  { name: 'callback', method: 'GET', path: '/console/callback' },
  { name: 'signOut', method: 'POST', path: '/console/sign-out' },
  { name: 'slack', method: 'POST', path: '/console/slack' },
] as const satisfies readonly ConsoleRoute[];

export type ConsoleRouteName = (typeof CONSOLE_ROUTES)[number]['name'];
