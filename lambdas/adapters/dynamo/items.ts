import { createHash } from 'node:crypto';
import type { AttributeValue } from '@aws-sdk/client-dynamodb';
import type { Commit, IdempotencyRecord, KeyHolder, LastApproved, Revocation } from '../../app/ports.ts';
import type { Approval } from '../../core/approval/approval.ts';
import { approvalDueAt, reviewOf } from '../../core/approval/approval-life.ts';
import type { AuditEntry } from '../../core/audit/entry.ts';
import type { Containment } from '../../core/containment/containment.ts';
import { CONTAINMENT_KEPT_SECONDS } from '../../core/containment/limits.ts';
import { NOBODY_CONTAINED } from '../../core/containment/register.ts';
import { grantDueAt, taskDueAt } from '../../core/grant/due-at.ts';
import { owesEnding } from '../../core/grant/end-grant.ts';
import type { Grant } from '../../core/grant/grant.ts';
import type { Task } from '../../core/grant/task.ts';
import type { ContainmentRegister } from '../../core/grant/use-grant.ts';
import { principalKey } from '../../core/identity/principal.ts';
import {
  DUE_SHARDS_COUNT,
  IDEMPOTENCY_SECONDS,
  REVOCATION_SECONDS,
  SECOND_MS,
  SWEEP_GRACE_MS,
} from '../../core/limits.ts';
import type { TaskUsage, Usage } from '../../core/run/budget.ts';
import type { Run } from '../../core/run/run.ts';
import { runDueAt } from '../../core/run/run-life.ts';
import { SSH_KEY_HELD_SECONDS } from '../../core/ssh/limits.ts';

/** The stored form of everything: `docs/storage.md` shows it as a table. State lives in `body`; the other attributes exist for conditions and indexes. */
export type Item = Record<string, AttributeValue>;

export const text = (value: string): AttributeValue => ({ S: value });
export const number = (value: number): AttributeValue => ({ N: String(value) });

export const taskKey = (taskId: string): Item => ({ pk: text(`TASK#${taskId}`), sk: text('TASK') });

/** A grant lives in its task's partition, so that what a task holds is one consistent query. */
export const grantKey = (grantId: string, taskId: string): Item => ({
  pk: text(`TASK#${taskId}`),
  sk: text(`GRANT#${grantId}`),
});

export const runKey = (runId: string, taskId: string): Item => ({
  pk: text(`TASK#${taskId}`),
  sk: text(`RUN#${runId}`),
});

/** In a partition of its own, so that whoever records decisions can write nothing else. */
export const approvalKey = (approvalId: string): Item => ({
  pk: text(`APPROVAL#${approvalId}`),
  sk: text('APPROVAL'),
});

export const revocationKey = (grantId: string): Item => ({
  pk: text(`REVOKED#${grantId}`),
  sk: text('REVOCATION'),
});

export const lastApprovedKey = ({ principalKey: principal, resource, action }: LastApproved): Item => ({
  pk: text(`LAST#${principal}`),
  sk: text(`${resource}#${action}`),
});

/** Whose a public key is. In a partition of its own, so that one write decides between two grants. */
export const keyHoldKey = (fingerprint: string): Item => ({
  pk: text(`SSHKEY#${fingerprint}`),
  sk: text('HOLDER'),
});

/** One principal's counters of one UTC day. */
export const budgetKey = (principal: string, day: string): Item => ({
  pk: text(`BUDGET#${principal}`),
  sk: text(day),
});

/** In a partition of its own, so that the one function that writes it can write nothing else. */
export const waitKey = (id: string): Item => ({ pk: text(`WAIT#${id}`), sk: text('TOKEN') });

export const idempotencyKey = (principal: string, key: string): Item => ({
  pk: text(`IDEMPOTENCY#${principal}`),
  sk: text(key),
});

/** `hash` is that of the cookie, so that the table holds nothing that a browser could present. */
export const sessionKey = (hash: string): Item => ({ pk: text(`SESSION#${hash}`), sk: text('SESSION') });

export const CONTAINMENT_KEY: Item = { pk: text('CONTAINMENT'), sk: text('REGISTER') };

/**
 * Apart from the register, so that whoever records what was ended can not lift anything. In one partition, since all of
 * them are read together.
 */
export const CONTAINMENTS = 'CONTAINMENTS';

export const containmentKey = (id: string): Item => ({
  pk: text(CONTAINMENTS),
  sk: text(`CONTAINMENT#${id}`),
});

/** Whose sessions of a role ended early, and whose turn it is to write its deny policy: in a partition of the role's own. */
export const endedMarkKey = (roleArn: string, grantId: string): Item => ({
  pk: text(`ENDED#${roleArn}`),
  sk: text(`MARK#${grantId}`),
});

export const endedTurnKey = (roleArn: string): Item => ({ pk: text(`ENDED#${roleArn}`), sk: text('TURN') });

export const chainHeadKey = (chain: string): Item => ({ pk: text(`CHAIN#${chain}`), sk: text('HEAD') });

export const grantItem = (grant: Grant): Item => ({
  ...grantKey(grant.id, grant.task),
  ...stateAttributes(grant, grantDueAt(grant)),
  ...('expiresAt' in grant && grant.expiresAt !== undefined ? { expiresAt: number(grant.expiresAt) } : {}),
  ...waitsFor(grant),
  mine: text(mineOf('GRANT', principalKey(grant.principal))),
});

export const taskItem = (task: Task): Item => ({
  ...taskKey(task.id),
  ...stateAttributes(task, taskDueAt(task)),
  ...(task.state === 'open' ? { openUntil: number(task.openUntil) } : {}),
  mine: text(mineOf('TASK', principalKey(task.principal))),
});

export const runItem = (run: Run): Item => ({
  ...runKey(run.id, run.task),
  ...stateAttributes(run, runDueAt(run)),
  ...waitsFor(run),
});

/** Which approval, for the condition of whoever decides on it. */
const waitsFor = (thing: Grant | Run): Item =>
  thing.state === 'pending_approval' ? { approval: text(thing.approval) } : {};

export const approvalItem = (approval: Approval): Item => ({
  ...approvalKey(approval.id),
  ...stateAttributes(approval, approvalDueAt(approval)),
  approveBy: number(approval.asked.approveBy),
  digest: text(approval.digest),
  ...(approval.state === 'pending' ? { mine: text(WAITING) } : {}),
  ...(reviewOf(approval)?.state === 'open' ? { mine: text(IN_REVIEW) } : {}),
});

/** Partitions of the index `mine` that belong to nobody: what people have to look at. */
export const WAITING = 'APPROVAL#waiting';
export const IN_REVIEW = 'APPROVAL#review';

/** Looked at until it is purged: whoever could note that it was carried out may not write here. */
export const revocationItem = (revocation: Revocation): Item => ({
  ...revocationKey(revocation.grant),
  body: text(JSON.stringify(revocation)),
  due: text(`DUE#${shardOf(revocation.grant)}`),
  dueAt: number(revocation.at + SWEEP_GRACE_MS),
  purgeAt: number(Math.ceil(revocation.at / SECOND_MS) + REVOCATION_SECONDS),
});

/** Until long after the last moment at which the grant could end. */
export const keyHoldItem = ({ grant, fingerprint }: NonNullable<Commit['keyHold']>): Item => ({
  ...keyHoldKey(fingerprint),
  holder: text(grant.id),
  purgeAt: number(Math.ceil(grant.expiresAt / SECOND_MS) + SSH_KEY_HELD_SECONDS),
});

const stateAttributes = (thing: Grant | Task | Run | Approval, dueAt: number | undefined): Item => ({
  version: number(thing.version),
  state: text(thing.state),
  createdAt: number(thing.createdAt),
  body: text(JSON.stringify(thing)),
  ...(dueAt === undefined ? {} : { due: text(dueShard(thing)), dueAt: number(dueAt) }),
});

/** Partition of the index `mine`: one caller's tasks or grants. */
export const mineOf = (kind: 'TASK' | 'GRANT', principal: string): string => `${kind}#${principal}`;

type DueKind = 'DUE' | 'OWED';

/** Partitions of the index `due`: `OWED` holds grants that are over and not yet proved dead, `DUE` everything that lives. */
export const dueShards = (kinds: readonly DueKind[]): string[] =>
  kinds.flatMap((kind) => Array.from({ length: DUE_SHARDS_COUNT }, (_, shard) => `${kind}#${shard}`));

const dueShard = (thing: Grant | Task | Run | Approval): string => {
  const kind: DueKind = 'ending' in thing && 'resource' in thing && owesEnding(thing) ? 'OWED' : 'DUE';
  return `${kind}#${shardOf(thing.id)}`;
};

const shardOf = (id: string): number => (createHash('sha256').update(id).digest()[0] ?? 0) % DUE_SHARDS_COUNT;

export const idempotencyItem = (record: IdempotencyRecord): Item => ({
  ...idempotencyKey(record.principalKey, record.key),
  body: text(JSON.stringify(record)),
  purgeAt: number(Math.ceil(record.createdAt / SECOND_MS) + IDEMPOTENCY_SECONDS),
});

export const entryItem = (entry: AuditEntry): Item => ({
  chain: text(entry.chain),
  seq: number(entry.seq),
  version: number(entry.version),
  at: number(entry.at),
  prevHash: text(entry.prevHash),
  hash: text(entry.hash),
  event: text(JSON.stringify(entry.event)),
});

export const readEntry = (item: Item): AuditEntry => ({
  version: 1,
  chain: stringOf(item, 'chain'),
  seq: numberOf(item, 'seq'),
  at: numberOf(item, 'at'),
  prevHash: stringOf(item, 'prevHash'),
  hash: stringOf(item, 'hash'),
  event: JSON.parse(stringOf(item, 'event')),
});

/** What is stored was written by us, under these names; an item that says otherwise is a bug or a break-in, and nothing is decided on it. */
export const readGrant = (item: Item | undefined): Grant | undefined => readBody<Grant>(item);
export const readTask = (item: Item | undefined): Task | undefined => readBody<Task>(item);

export const readApproval = (item: Item | undefined): Approval | undefined => readBody<Approval>(item);

export const readRun = (item: Item | undefined): Run | undefined => readBody<Run>(item);

const readBody = <T extends { id: string; version: number; state: string }>(
  item: Item | undefined,
): T | undefined => {
  if (!item) return undefined;
  const body: T = JSON.parse(stringOf(item, 'body'));
  if (body.version !== numberOf(item, 'version') || body.state !== stringOf(item, 'state'))
    throw new TypeError('a stored state contradicts its own attributes');
  return body;
};

/** What a task's runs have used stands on its item, so that one condition asks for both. */
export const readTaskUsage = (item: Item | undefined): TaskUsage => ({
  ...readUsage(item),
  failuresInRow: countOf(item, 'failuresInRow'),
  lastFailureAt: countOf(item, 'lastFailureAt'),
});

export const readUsage = (item: Item | undefined): Usage => ({
  runs: countOf(item, 'runs'),
  rows: countOf(item, 'rowsUsed'),
  bytes: countOf(item, 'bytesUsed'),
  failures: countOf(item, 'failures'),
});

const countOf = (item: Item | undefined, name: string): number => Number(item?.[name]?.N ?? 0);

/** How many grants a task has had; counted on its item by every grant that joins. */
export const readGrantCount = (item: Item | undefined): number => countOf(item, 'grantCount');

export const readIdempotency = (item: Item | undefined): IdempotencyRecord | undefined =>
  item && JSON.parse(stringOf(item, 'body'));

export const readKeyHolder = (item: Item | undefined): KeyHolder | undefined =>
  item && { grant: stringOf(item, 'holder'), until: numberOf(item, 'purgeAt') * SECOND_MS };

export const containmentItem = (containment: Containment): Item => ({
  ...containmentKey(containment.id),
  version: number(containment.version),
  state: text(containment.state),
  body: text(JSON.stringify(containment)),
  ...(containment.state === 'lifted'
    ? { purgeAt: number(Math.ceil(containment.lifted.at / SECOND_MS) + CONTAINMENT_KEPT_SECONDS) }
    : {}),
});

export const readContainmentRecord = (item: Item | undefined): Containment | undefined =>
  readBody<Containment>(item);

/** Whoever writes it by hand writes a `body` and nothing else. */
export const registerItem = (register: ContainmentRegister): Item => ({
  ...CONTAINMENT_KEY,
  body: text(JSON.stringify(register)),
});

/** A register that cannot be read stops everything, and the endings of what it stops go on. */
const EVERYTHING_CONTAINED: ContainmentRegister = { ...NOBODY_CONTAINED, everything: true };

export const readContainment = (item: Item | undefined): ContainmentRegister => {
  if (!item) return NOBODY_CONTAINED;
  try {
    const register = JSON.parse(stringOf(item, 'body'));
    const isRead =
      typeof register.everything === 'boolean' &&
      [register.principals, register.tasks, register.resources].every(Array.isArray);
    return isRead ? register : EVERYTHING_CONTAINED;
  } catch {
    return EVERYTHING_CONTAINED;
  }
};

export const stringOf = (item: Item, name: string): string => {
  const value = item[name]?.S;
  if (value === undefined) throw new TypeError(`a stored item has no text ${name}`);
  return value;
};

export const numberOf = (item: Item, name: string): number => {
  const value = item[name]?.N;
  if (value === undefined) throw new TypeError(`a stored item has no number ${name}`);
  return Number(value);
};
