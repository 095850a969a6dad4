import { createHash } from 'node:crypto';
import { receiptOf } from '../core/audit/chain.ts';
import type { Receipt } from '../core/audit/entry.ts';
import { isRunAction, type Resource } from '../core/config/resource.ts';
import type { ActiveGrant, Grant } from '../core/grant/grant.ts';
import { ID_RANDOM_BYTES } from '../core/grant/ids.ts';
import { checkUse, countCredential } from '../core/grant/use-grant.ts';
import type { Result } from '../core/result.ts';
import { fail, ok } from '../core/result.ts';
import type { SshPublicKey } from '../core/ssh/public-key.ts';
import { decideUntilCommitted } from './attempts.ts';
import { auditTargetOf } from './audit-target.ts';
import { type BroughtKey, checkKey, holdOf, readKey } from './brought-key.ts';
import type { Caller } from './caller.ts';
import { callerContext } from './caller.ts';
import type { Credential } from './credential.ts';
import { findTarget } from './find-target.ts';
import type { Backoff, RandomBytes, Store } from './ports.ts';
import { type Issued, type Issuers, issuerOf } from './ports-of-targets.ts';
import { record } from './record.ts';
import type { TrailDeps } from './record-refusal.ts';

export interface VendDeps extends TrailDeps {
  readonly store: Pick<Store, 'readForUse' | 'readGrant' | 'commit' | 'appendSystem'>;
  readonly issuers: Issuers;
  readonly resources: readonly Resource[];
  readonly random: RandomBytes;
  readonly backoff: Backoff;
}

export interface CredentialAnswer {
  readonly credential: Credential;
  readonly receipt: Receipt;
}

export interface VendAsk {
  readonly grantId: string;
  /** The caller's own, as sent: only where access is by key. */
  readonly publicKey?: string | undefined;
}

/**
 * One consistent read, the whole use check, a credential made here, and the entry committed under *still active, in a task that stands*:
 * only then is the credential released. On anything but success it is dropped where it was made.
 */
export const vendCredential = async (
  deps: VendDeps,
  caller: Caller,
  { grantId, publicKey }: VendAsk,
): Promise<Result<CredentialAnswer>> => {
  const brought = readKey(publicKey);
  const made = await decideUntilCommitted(() => attempt(deps, caller, { grantId, brought }), deps.backoff);
  if (!made.ok) return made;
  const { credential, receipt, release } = made.value;
  await release?.().catch((error: unknown) => recordUndelivered(deps, caller, { credential, error }));
  return ok({ credential, receipt });
};

interface Made extends CredentialAnswer {
  readonly release: Issued['release'];
}

const attempt = async (
  deps: VendDeps,
  caller: Caller,
  { grantId, brought }: { readonly grantId: string; readonly brought: BroughtKey },
): Promise<Result<Made> | 'lost'> => {
  const read = await deps.store.readForUse(grantId, holdOf(brought));
  const use = checkUse({ ...read, principal: caller.principal }, deps.clock());
  if (!use.ok) return use;
  if (isRunAction(use.value.action)) return fail({ code: 'not_vended' });
  const resource = findTarget(deps.resources, use.value);
  if (typeof resource === 'string') return fail({ code: 'grant_over', state: `resource_${resource}` });
  const key = checkKey(brought, { resource, grantId, holder: read.keyHolder, now: deps.clock() });
  if (!key.ok) return key;
  const publicKey = key.value;
  const id = `c_${Buffer.from(deps.random(ID_RANDOM_BYTES)).toString('hex')}`;
  const issued = await issuerOf(deps.issuers, resource).issue({ resource, grant: use.value, id, publicKey });
  if (!issued.ok) return issued;
  const expiresAt = Math.min(issued.value.expiresAt, use.value.expiresAt);
  const issue = { grant: use.value, resource, id, publicKey, issued: { ...issued.value, expiresAt } };
  const receipt = await commitIssue(deps, caller, issue);
  if (receipt === 'lost') return 'lost';
  const { content, release } = issued.value;
  return ok({ credential: { id, grantId, expiresAt, ...content }, receipt, release });
};

const commitIssue = async (
  deps: VendDeps,
  caller: Caller,
  issue: {
    grant: ActiveGrant;
    resource: Resource;
    id: string;
    publicKey: SshPublicKey | undefined;
    issued: Issued;
  },
): Promise<Receipt | 'lost'> => {
  const now = deps.clock();
  const { content, secret, expiresAt, roleArn, told } = issue.issued;
  const { publicKey } = issue;
  const counted = countCredential(issue.grant, { until: expiresAt, roleArn, publicKey: publicKey?.line });
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
    ...(publicKey ? { keyHold: { grant: counted, fingerprint: publicKey.fingerprint, at: now } } : {}),
  });
  return outcome === 'lost' ? 'lost' : receiptOf(entry);
};

/**
 * What was recorded as issued has not become usable, or nobody can tell: the trail says so, the caller gets nothing. An end that
 * came meanwhile is no reason to keep silent.
 */
const recordUndelivered = async (
  deps: VendDeps,
  caller: Caller,
  { credential, error }: { readonly credential: Credential; readonly error: unknown },
): Promise<never> => {
  const { id, grantId } = credential;
  await decideUntilCommitted(async () => {
    const grant = await deps.store.readGrant(grantId);
    if (!grant) return undefined;
    const change = {
      next: grant,
      fact: { type: 'credential.undelivered', grant: grantId, credential: id },
    } as const;
    const { state, entry } = record<Grant>(change, callerContext(caller, deps.software), deps.clock());
    return deps.store.commit({ grants: [state], entries: [entry] });
  }, deps.backoff).catch(() => undefined);
  throw error;
};

/** Lets an auditor who is handed a token find its entry. A token is unguessable, so its hash gives nothing away. */
export const fingerprintOf = (secret: string): string => createHash('sha256').update(secret).digest('hex');
