import type { AuditEntry } from '../../lambdas/core/audit/entry.ts';
import type { AuditEvent } from '../../lambdas/core/audit/event.ts';

/** What the threat model asks of an entry, by its words there. Each is looked for in every entry. */
const EVERY_ENTRY: Readonly<Record<string, (entry: AuditEntry, issuer: string) => boolean>> = {
  'id and seq': ({ chain, seq, hash }) => /^[\w:-]+$/.test(chain) && seq >= 1 && /^[0-9a-f]{64}$/.test(hash),
  'ts in UTC milliseconds': ({ at }) => Number.isInteger(at) && Math.abs(Date.now() - at) < 600_000,
  action: ({ event }) => /^[a-z]+\.[a-z_]+$/.test(event.type),
  requestId: ({ event }) => /^[0-9a-f-]{36}$/.test(event.requestId),
  awsRequestId: ({ event }) => /^[0-9a-f-]{36}$/.test(event.invocationId),
  'policy version': ({ event }) => /^[0-9a-f]{64}$/.test(event.policyDigest),
  'software version': ({ event }) => /^\d+\.\d+\.\d+$/.test(event.software),
  'grant, task or approval': ({ chain, event }) => {
    if (chain.startsWith('system:')) return true;
    if (chain.startsWith('a_')) return 'approval' in event && event.approval === chain;
    return ('grant' in event ? event.grant : 'task' in event ? event.task : '') === chain;
  },
  'actor: issuer, subject, type, groups hash, token fingerprint, on behalf of, client': (
    { event: { actor } },
    issuer,
  ) =>
    actor.kind === 'system'
      ? ['runner', 'sweeper', 'api'].includes(actor.function)
      : actor.kind === 'principal' &&
        actor.issuer === issuer &&
        actor.subject.endsWith('-crew') &&
        ['agent', 'workload'].includes(actor.type) &&
        (actor.groupsHash === null || /^[0-9a-f]{64}$/.test(actor.groupsHash)) &&
        /^[0-9a-f]{64}$/.test(actor.tokenFingerprint) &&
        Array.isArray(actor.delegation) &&
        actor.client.ip === '127.0.0.1' &&
        typeof actor.client.userAgent === 'string',
};

const isTarget = (target: unknown): boolean =>
  typeof target === 'object' &&
  target !== null &&
  ['resource', 'kind', 'account', 'region', 'resourceId', 'host', 'database', 'user'].every(
    (name) => name in target && typeof target[name as keyof typeof target] === 'string',
  );

type Facts<T extends AuditEvent['type']> = Extract<AuditEvent, { type: T }>;

/** What it asks of particular ones. Every type that is listed here must have come up. */
const SOME_ENTRIES: { readonly [T in AuditEvent['type']]?: (event: Facts<T>) => boolean } = {
  'grant.requested': (event) =>
    ['allowed', 'needs_approval', 'denied'].includes(event.decision) &&
    (event.decision === 'denied') === (event.denial !== null) &&
    event.owners.length === 1 &&
    event.reason.length > 0 &&
    event.determinedBy.length > 0 &&
    isTarget(event.target),
  'grant.active': (event) => event.expiresAt > Date.now() - 600_000 && event.activeAfterMs > 0,
  'credential.issued': (event) =>
    isTarget(event.target) && /^[0-9a-f]{64}$/.test(event.fingerprint) && event.expiresAt > 0,
  'grant.ended': (event) => event.state.length > 0 && event.cause.length > 0,
  'ending.proved': (event) => event.deadAfterMs >= 0 && event.steps.length > 0,
  'task.opened': (event) => event.owners.length === 1 && event.name.length > 0,
  'task.renewed': (event) => event.openUntil > Date.now() - 600_000,
  'task.ended': (event) => event.cause === 'ended_by_principal',
  'task.settled': (event) => event.grants >= 1,
  'request.refused': (event) => event.code.length > 0 && event.operation.length > 0,
  'access.previewed': (event) => ['allow', 'deny'].includes(event.effect),
  'target.orphan_ended': (event) => event.dead && event.user.startsWith('lk_'),
  'config.activated': (event) => event.digest === event.policyDigest,
};

/** What entries of the story lack, in the words of the threat model. `issuer` is the one of every caller. */
export const missingFacts = (trail: readonly AuditEntry[], issuer: string): string[] => {
  const general = trail.flatMap((entry) =>
    Object.entries(EVERY_ENTRY)
      .filter(([, isThere]) => !isThere(entry, issuer))
      .map(([what]) => `${what}: ${JSON.stringify(entry)}`),
  );
  const particular = Object.entries(SOME_ENTRIES).flatMap(([type, isComplete]) => {
    const events = trail.map(({ event }) => event).filter((event) => event.type === type);
    const incomplete = events.filter((event) => !(isComplete as (event: AuditEvent) => boolean)(event));
    return events.length > 0 ? incomplete.map((event) => JSON.stringify(event)) : [`${type} did not come up`];
  });
  return [...general, ...particular];
};
