import { createHash } from 'node:crypto';
import type { Actor, EventContext } from '../core/audit/event.ts';
import type { Principal } from '../core/identity/principal.ts';
import { USER_AGENT_MAX_CHARACTERS } from '../core/limits.ts';

/** Who made this request and how it can be found again. `requestId` is the gateway's, `invocationId` the Lambda's. */
export interface Caller {
  readonly principal: Principal;
  readonly client: { readonly ip: string; readonly userAgent: string };
  readonly requestId: string;
  readonly invocationId: string;
}

/** As the trail keeps it: whoever calls has written the user agent, so it is cut, and printable. */
export const clientOf = (from: {
  readonly sourceIp: string;
  readonly userAgent?: string | null;
}): Caller['client'] => ({
  ip: from.sourceIp,
  userAgent: (from.userAgent ?? '').replace(/[^\x20-\x7e]/g, '?').slice(0, USER_AGENT_MAX_CHARACTERS),
});

/** What acted: the deployed function, its version and the configuration it carries. */
export interface Software {
  readonly function: string;
  readonly version: string;
  readonly policyDigest: string;
}

/** One invocation by the workflow or the schedule: nobody but us is acting. */
export interface Invocation {
  readonly requestId: string;
  readonly invocationId: string;
}

export const callerContext = (caller: Caller, software: Software): EventContext => ({
  actor: actorOf(caller),
  requestId: caller.requestId,
  invocationId: caller.invocationId,
  policyDigest: software.policyDigest,
  software: software.version,
});

export const systemContext = (invocation: Invocation, software: Software): EventContext => ({
  actor: { kind: 'system', function: software.function },
  ...invocation,
  policyDigest: software.policyDigest,
  software: software.version,
});

const actorOf = ({ principal, client }: Caller): Actor => ({
  kind: 'principal',
  issuer: principal.issuer,
  subject: principal.subject,
  type: principal.type,
  name: principal.name,
  groupsHash: principal.groups.known ? hashOfGroups(principal.groups.names) : null,
  tokenFingerprint: principal.tokenFingerprint,
  delegation: principal.delegation,
  client,
});

const hashOfGroups = (names: readonly string[]): string =>
  createHash('sha256')
    .update(JSON.stringify([...names].sort()))
    .digest('hex');
