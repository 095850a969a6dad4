import { createHash } from 'node:crypto';
import { receiptOf } from '../core/audit/chain.ts';
import type { Receipt } from '../core/audit/entry.ts';
import { isRunAction, type Resource } from '../core/config/resource.ts';
import type { ActiveGrant } from '../core/grant/grant.ts';
import { databaseUser, ID_RANDOM_BYTES } from '../core/grant/ids.ts';
import { checkUse, countCredential } from '../core/grant/use-grant.ts';
import type { Result } from '../core/result.ts';
import { fail, ok } from '../core/result.ts';
import type { EpochMs } from '../core/time.ts';
import { decideUntilCommitted } from './attempts.ts';
import { auditTargetOf } from './audit-target.ts';
import type { Caller } from './caller.ts';
import { callerContext } from './caller.ts';
import { findTarget } from './find-target.ts';
import type { Backoff, DatabaseTokenSigner, RandomBytes, Store } from './ports.ts';
import { record } from './record.ts';
import type { TrailDeps } from './record-refusal.ts';

export interface VendDeps extends TrailDeps {
  readonly store: Pick<Store, 'readForUse' | 'commit' | 'appendSystem'>;
  readonly signer: DatabaseTokenSigner;
  readonly resources: readonly Resource[];
  readonly random: RandomBytes;
  readonly backoff: Backoff;
}

/** What leaves the Lambda, once: nothing of it is stored. */
export interface PostgresCredential {
  readonly id: string;
  readonly grantId: string;
  readonly kind: 'postgres';
  readonly expiresAt: EpochMs;
  readonly host: string;
  readonly port: number;
  readonly database: string;
  readonly user: string;
  readonly password: string;
  readonly caPem: string;
}

export interface CredentialAnswer {
  readonly credential: PostgresCredential;
  readonly receipt: Receipt;
}

/**
 * One consistent read, the whole use check, a signature made here, and the entry committed under *still active, in a task that stands*:
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
  const credential = await sign(deps, use.value, resource);
  const receipt = await commitIssue(deps, caller, { grant: use.value, resource, credential });
  return receipt === 'lost' ? 'lost' : ok({ credential, receipt });
};

const sign = async (deps: VendDeps, grant: ActiveGrant, resource: Resource): Promise<PostgresCredential> => {
  const user = databaseUser(grant.id);
  const { token, expiresAt } = await deps.signer.sign(resource, user);
  return {
    id: `c_${Buffer.from(deps.random(ID_RANDOM_BYTES)).toString('hex')}`,
    grantId: grant.id,
    kind: 'postgres',
    expiresAt: Math.min(expiresAt, grant.expiresAt),
    host: resource.target.host,
    port: resource.target.port,
    database: resource.target.database,
    user,
    password: token,
    caPem: resource.target.caPem,
  };
};

const commitIssue = async (
  deps: VendDeps,
  caller: Caller,
  issue: { grant: ActiveGrant; resource: Resource; credential: PostgresCredential },
): Promise<Receipt | 'lost'> => {
  const now = deps.clock();
  const counted = countCredential(issue.grant);
  const { state, entry } = record(
    {
      next: counted,
      fact: {
        type: 'credential.issued',
        grant: counted.id,
        credential: issue.credential.id,
        kind: issue.credential.kind,
        target: auditTargetOf(issue.resource, counted.id),
        fingerprint: fingerprintOf(issue.credential.password),
        expiresAt: issue.credential.expiresAt,
        ordinal: counted.credentialsIssued,
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
