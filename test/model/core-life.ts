import { randomBytes } from 'node:crypto';
import { decideUntilCommitted } from '../../lambdas/app/attempts.ts';
import { auditTargetOf } from '../../lambdas/app/audit-target.ts';
import { systemContext } from '../../lambdas/app/caller.ts';
import type { Issued } from '../../lambdas/app/ports-of-targets.ts';
import { record } from '../../lambdas/app/record.ts';
import { fingerprintOf } from '../../lambdas/app/vend-credential.ts';
import { beginActivation, completeActivation } from '../../lambdas/core/grant/activate-grant.ts';
import type { Change } from '../../lambdas/core/grant/change.ts';
import {
  accessEndedAt,
  endGrant,
  isDying,
  owesEnding,
  recordDeath,
  recordFailedEnding,
} from '../../lambdas/core/grant/end-grant.ts';
import type { ActiveGrant, EndCause, EndedGrant, Grant } from '../../lambdas/core/grant/grant.ts';
import { isOver } from '../../lambdas/core/grant/grant.ts';
import { ID_RANDOM_BYTES } from '../../lambdas/core/grant/ids.ts';
import type { Task } from '../../lambdas/core/grant/task.ts';
import { checkUse, countCredential, isActiveNow, isTaskOpen } from '../../lambdas/core/grant/use-grant.ts';
import { parsePublicKey } from '../../lambdas/core/ssh/public-key.ts';
import { PRINCIPAL, SOFTWARE } from '../support/facts.ts';
import { KINDS } from '../support/kinds.ts';
import type { CoreTables } from './core-tables.ts';
import type { Gate } from './processes.ts';
import type { Scene } from './scene.ts';
import type { Came } from './world.ts';

/** One process of the interpreter: what it can reach, each call through the gate at which it may be stopped. */
export interface Life {
  readonly scene: Scene;
  readonly tables: CoreTables;
  readonly pass: Gate['pass'];
}

const CONTEXT = systemContext({ requestId: 'r', invocationId: 'i' }, SOFTWARE);
const NOBODY = { everything: false, principals: [], tasks: [], resources: [] };

export const newRandom = () => randomBytes(ID_RANDOM_BYTES);

export const again = <T>(attempt: () => Promise<T | 'lost'>): Promise<T> =>
  decideUntilCommitted(attempt, async () => undefined);

export const refused = (code: string): Came => ({ came: 'refused', code });

export const read = ({ tables, pass }: Life, id: string) =>
  pass(async () => {
    const grant = tables.grants.get(id);
    const task = grant && tables.tasks.get(grant.task);
    return { grant, task, containment: NOBODY, isRevoked: tables.revoked.has(id) };
  });

export const writeGrant = async <G extends Grant>(
  { scene, tables, pass }: Life,
  change: Change<G>,
  { standing, key }: { readonly standing?: string; readonly key?: string | undefined } = {},
): Promise<G | 'lost'> => {
  const at = scene.clock();
  const { state, entry } = record<G>(change, CONTEXT, at);
  const condition = standing === undefined ? {} : { standing: { task: standing, at } };
  const outcome = await pass(() => tables.commit({ grant: state, entry, key, ...condition }));
  return outcome === 'lost' ? 'lost' : state;
};

export const writeTask = async <T extends Task>(
  { scene, tables, pass }: Life,
  change: Change<T>,
): Promise<T | 'lost'> => {
  const { state, entry } = record<T>(change, CONTEXT, scene.clock());
  return (await pass(() => tables.commit({ task: state, entry }))) === 'lost' ? 'lost' : state;
};

/** The order of `app/activate-grant.ts`: the window is stored before the target is touched, and what lost is undone by the end. */
export const activate = async (life: Life, id: string): Promise<boolean> => {
  const { scene, pass } = life;
  const begun = await again(async () => {
    const use = await read(life, id);
    if (!use.grant || use.isRevoked || !isTaskOpen(use.task, scene.clock())) return undefined;
    if (use.grant.state === 'active') return use.grant;
    const step = beginActivation(use.grant, scene.clock());
    if (!step.ok) return undefined;
    return 'again' in step.value ? step.value.again : writeGrant(life, step.value);
  });
  if (begun?.state !== 'activating') return begun !== undefined;
  const isStillWanted = async () => (await read(life, id)).grant?.state === 'activating';
  const { target } = scene.places[begun.kind];
  const opened = await pass(() =>
    target.open({ resource: KINDS[begun.kind].resource, grant: begun, isStillWanted }),
  );
  if (opened === 'unwanted') return false;
  const active = await again(async () => {
    const { grant } = await read(life, id);
    if (grant?.state === 'active') return grant;
    const step = grant && completeActivation(grant, scene.clock());
    return step?.ok ? writeGrant(life, step.value) : undefined;
  });
  return active !== undefined;
};

/** Whoever stores that it waits looks whether there is still something to wait for. */
export const waitForEnd = async (life: Life, id: string): Promise<void> => {
  await life.pass(async () => void life.tables.waits.add(id));
  if (!isActiveNow(await read(life, id), life.scene.clock())) await life.scene.signal(id, 'end access');
};

export const end = async (life: Life, id: string, cause: EndCause): Promise<Grant | undefined> => {
  const ended = await again<Grant | undefined>(async () => {
    const { grant } = await read(life, id);
    return !grant || isOver(grant) ? grant : writeGrant(life, endGrant(grant, cause, life.scene.clock()));
  });
  if (ended && isDying(ended) && life.tables.waits.has(id)) await life.scene.signal(id, 'end access');
  return ended;
};

export const endAccess = async (life: Life, id: string): Promise<void> => {
  const { scene, pass, tables } = life;
  const grant = await again<Grant | undefined>(async () => {
    const use = await read(life, id);
    if (!use.grant || isOver(use.grant)) return use.grant;
    const cause = use.grant.state === 'active' ? 'window_over' : 'activation_failed';
    return writeGrant(
      life,
      endGrant(use.grant, tables.revoked.has(id) ? 'revoked_by_person' : cause, scene.clock()),
    );
  });
  if (!grant || !owesEnding(grant)) return;
  const { target } = scene.places[grant.kind];
  const { resource } = KINDS[grant.kind];
  const report = await pass(() =>
    target.close({ resource, grantId: id, grant, since: accessEndedAt(grant) }),
  );
  await again(async () => {
    const { grant: now } = await read(life, id);
    if (!now || !owesEnding(now)) return now;
    const change = report.dead
      ? recordDeath(now, report.steps, scene.clock())
      : recordFailedEnding(now, { error: report.error ?? '', steps: report.steps }, scene.clock());
    return writeGrant<EndedGrant>(life, change);
  });
};

export const vend = async (life: Life, id: string, brought: string | undefined): Promise<Came> => {
  const { scene, tables, pass } = life;
  return again(async () => {
    const use = checkUse({ ...(await read(life, id)), principal: PRINCIPAL }, scene.clock());
    if (!use.ok) return refused(use.failure.code);
    const grant = use.value;
    if (brought !== undefined && (tables.keys.get(brought) ?? id) !== id) return refused('key_taken');
    const credential = `c_${newRandom().toString('hex')}`;
    const { resource } = KINDS[grant.kind];
    const ask = { resource, grant, id: credential, publicKey: readKey(brought) };
    const issued = await pass(() => scene.places[grant.kind].issuer.issue(ask));
    if (!issued.ok) return refused(issued.failure.code);
    if ((await recordIssue(life, grant, { credential, brought, issued: issued.value })) === 'lost')
      return 'lost';
    if (issued.value.release) await pass(issued.value.release);
    return { came: 'done', made: credential };
  });
};

const readKey = (brought: string | undefined) => {
  const key = brought === undefined ? undefined : parsePublicKey(brought);
  return key?.ok ? key.value : undefined;
};

const recordIssue = (
  life: Life,
  grant: ActiveGrant,
  {
    credential,
    brought,
    issued,
  }: { readonly credential: string; readonly brought: string | undefined; readonly issued: Issued },
): Promise<ActiveGrant | 'lost'> => {
  const until = Math.min(issued.expiresAt, grant.expiresAt);
  const next = countCredential(grant, { until, publicKey: brought });
  const fact = {
    type: 'credential.issued',
    grant: grant.id,
    credential,
    kind: grant.kind,
    target: auditTargetOf(KINDS[grant.kind].resource, grant.id),
    fingerprint: fingerprintOf(issued.secret),
    expiresAt: until,
    ordinal: next.credentialsIssued,
  } as const;
  return writeGrant(life, { next, fact }, { standing: grant.task, key: brought });
};
