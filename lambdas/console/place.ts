import { APPROVAL_ID_PATTERN, CONTAINMENT_ID_PATTERN } from '../core/grant/ids.ts';

/** Where the console is, as browsers see it. */
export interface ConsoleAddress {
  /** `CONSOLE_URL`, without a slash at its end. */
  readonly url: string;
  /** What browsers put into `Origin`. */
  readonly origin: string;
  /** The path before `/console`: `/live`, or nothing. */
  readonly path: string;
}

export const consoleAddress = (url: string): ConsoleAddress => {
  const { origin, pathname } = new URL(url);
  return { url, origin, path: pathname.replace(/\/$/, '') };
};

/**
 * A page to come back to after signing in: the inbox, the grants, the stops, or one approval or stop by its id. A place is
 * never an address, so nothing that is written into a link can lead anywhere else.
 */
export type Place = 'inbox' | 'grants' | 'containments' | `a_${string}` | `s_${string}`;

export const readPlace = (text: unknown): Place | undefined => {
  if (text === 'inbox' || text === 'grants' || text === 'containments') return text;
  return isApprovalId(text) || isContainmentId(text) ? text : undefined;
};

export const isContainmentId = (text: unknown): text is `s_${string}` =>
  typeof text === 'string' && CONTAINMENT_ID_PATTERN.test(text);

export const isApprovalId = (text: unknown): text is `a_${string}` =>
  typeof text === 'string' && APPROVAL_ID_PATTERN.test(text);

export const pathOf = (address: Pick<ConsoleAddress, 'path'>, place: Place): string => {
  if (place === 'inbox') return `${address.path}/console`;
  if (place === 'grants' || place === 'containments') return `${address.path}/console/${place}`;
  const kind = isContainmentId(place) ? 'containments' : 'approvals';
  return `${address.path}/console/${kind}/${place}`;
};

/** `isAgain`: the issuer is told to ask who it is, whether or not it remembers. */
export const signInPath = (address: Pick<ConsoleAddress, 'path'>, place: Place, isAgain = false): string =>
  `${address.path}/console/sign-in?to=${place}${isAgain ? '&again=yes' : ''}`;
