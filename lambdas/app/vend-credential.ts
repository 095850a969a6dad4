import { createHash } from 'node:crypto';
import { receiptOf } from '../core/audit/chain.ts';
import type { Receipt } from '../core/audit/entry.ts';
import { isRunAction, type Resource } from '../core/config/resource.ts';
import type { ActiveGrant } from '../core/grant/grant.ts';
import { ID_RANDOM_BYTES } from '../core/grant/ids.ts';
import { checkUse, countCredential } from '../core/grant/use-grant.ts';
import type { Result } from '../core/result.ts';
import { fail, ok } from '../core/result.ts';
import { decideUntilCommitted } from './attempts.ts';
import { auditTargetOf } from './audit-target.ts';
import type { Caller } from './caller.ts';
import { callerContext } from './caller.ts';
import type { Credential } from './credential.ts';
import { findTarget } from './find-target.ts';
import type { Backoff, RandomBytes, Store } from './ports.ts';
import { type Issued, type Issuers, issuerOf } from './ports-of-targets.ts';
import { record } from './record.ts';
import type { TrailDeps } from './record-refusal.ts';

export interface VendDeps extends TrailDeps {
  readonly store: Pick<Store, 'readForUse' | 'commit' | 'appendSystem'>;
  readonly issuers: Issuers;
  readonly resources: readonly Resource[];
  readonly random: RandomBytes;
  readonly backoff: Backoff;
}

export interface CredentialAnswer {
  readonly credential: Credential;
  readonly receipt: Receipt;
}

/**
 * One consistent read, the whole use check, a credential made here, and the entry committed under *still active, in a task that stands*:
 * only then is the credential released. On anything but success it is dropped where it was made.
 */
export const vendCredential = (
  deps: VendDeps,
  caller: Caller,
  grantId: string,
): Promise<Result<CredentialAnswer>> =>
  decideUntilCommitted(() => attempt(deps, caller, grantId), deps.backoff);

const attempt = async (
  deps: VendDeps,
  caller: Caller,
  grantId: string,
): Promise<Result<CredentialAnswer> | 'lost'> => {
  const read = await deps.store.readForUse(grantId);
  const use = checkUse({ ...read, principal: caller.principal }, deps.clock());
  if (!use.ok) return use;
  if (isRunAction(use.value.action)) return fail({ code: 'not_vended' });
  const resource = findTarget(deps.resources, use.value);
  if (typeof resource === 'string') return fail({ code: 'grant_over', state: `resource_${resource}` });
  const id = `c_${Buffer.from(deps.random(ID_RANDOM_BYTES)).toString('hex')}`;
  const issued = await issuerOf(deps.issuers, resource).issue({ resource, grant: use.value, id });
  if (!issued.ok) return issued;
  const expiresAt = Math.min(issued.value.expiresAt, use.value.expiresAt);
  const issue = { grant: use.value, resource, id, issued: { ...issued.value, expiresAt } };
  const receipt = await commitIssue(deps, caller, issue);
  if (receipt === 'lost') return 'lost';
  await issued.value.release?.();
  return ok({ credential: { id, grantId, expiresAt, ...issued.value.content }, receipt });
};

const commitIssue = async (
  deps: VendDeps,
  caller: Caller,
  issue: { grant: ActiveGrant; resource: Resource; id: string; issued: Issued },
): Promise<Receipt | 'lost'> => {
  const now = deps.clock();
  const { content, secret, expiresAt, roleArn, told } = issue.issued;
  const counted = countCredential(issue.grant, { until: expiresAt, roleArn });
  const { state, entry } = record(
    {
      next: counted,
      fact: {
        type: 'credential.issued',
        grant: counted.id,
        credential: issue.id,
        kind: content.kind,
        target: auditTargetOf(issue.resource, counted.id),
        fingerprint: fingerprintOf(secret),
        expiresAt,
        ordinal: counted.credentialsIssued,
        ...told,
      },
    },
    callerContext(caller, deps.software),
    now,
  );
  const outcome = await deps.store.commit({
    grants: [state],
    entries: [entry],
    activeGrant: { at: now },
    standingTask: { id: counted.task, at: now },
  });
  return outcome === 'lost' ? 'lost' : receiptOf(entry);
};

/** Lets an auditor who is handed a token find its entry. A token is unguessable, so its hash gives nothing away. */
export const fingerprintOf = (secret: string): string => createHash('sha256').update(secret).digest('hex');
