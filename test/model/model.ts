import type { ResourceKind } from '../../lambdas/core/config/resource.ts';
import type { Grant } from '../../lambdas/core/grant/grant.ts';
import { isOver } from '../../lambdas/core/grant/grant.ts';
import { SECOND_MS, TASK_MAX_SECONDS } from '../../lambdas/core/limits.ts';
import type { Look } from './world.ts';

/** What is sure of a grant, by what was asked for, answered and seen. Nothing of it is computed as the product does. */
export interface KnownGrant {
  readonly id: string;
  readonly kind: ResourceKind;
  readonly task: string;
  readonly seconds: number;
  readonly seenAt: number;
  /** Its window ends then or before; undefined while it has not begun. */
  windowEnd: number | undefined;
  /** It was surely over then: somebody was told so, or it was seen. */
  overSince: number | undefined;
  /** A person has said that it ends, and was told that it does. */
  isRevoked: boolean;
  /** A workflow has surely stored that it waits for its end. */
  isWaitedFor: boolean;
}

export interface KnownTask {
  readonly id: string;
  readonly lease: number;
  readonly lastEnd: number;
  /** It is over then, unless it is heard of before. */
  openUntil: number;
  isEnded: boolean;
  /** Whether `openUntil` is just that, and not only the latest that it can be. */
  isExact: boolean;
}

export interface Given {
  readonly credential: string;
  readonly grantId: string;
  readonly at: number;
  /** How far its target's clock was ahead. */
  readonly skewMs: number;
}

export interface Model {
  readonly tasks: Map<string, KnownTask>;
  readonly grants: Map<string, KnownGrant>;
  /** Credentials that somebody holds. */
  readonly given: Given[];
  /** Whose each secret is. */
  readonly secrets: Map<string, string>;
  /** For which grants each public key was brought. */
  readonly brought: Map<string, Set<string>>;
  /** Grants about which some process was stopped. */
  readonly unsure: Set<string>;
  readonly away: Set<ResourceKind>;
  readonly skews: Map<ResourceKind, number>;
  workflowsWork: boolean;
  gives: boolean;
  /** Grants that policy gives no more. */
  notGiven: ReadonlySet<string>;
  seen: Look;
  readonly pausedCount: () => number;
  /** Tells that something has come about that is worth being counted over all sequences. */
  readonly tell: (what: string) => void;
}

export const newModel = (given: Pick<Model, 'pausedCount' | 'tell'>): Model => ({
  ...given,
  tasks: new Map(),
  grants: new Map(),
  given: [],
  secrets: new Map(),
  brought: new Map(),
  unsure: new Set(),
  away: new Set(),
  skews: new Map(),
  workflowsWork: true,
  gives: true,
  notGiven: new Set(),
  seen: { tasks: new Map(), grants: new Map(), dueAt: new Map() },
});

export const isTaskOver = (task: KnownTask | undefined, now: number): boolean =>
  !task || task.isEnded || now >= task.openUntil;

/** Whether anything may still be given under it. */
export const mayLive = (model: Model, { task, windowEnd, overSince }: KnownGrant, now: number): boolean =>
  overSince === undefined &&
  !isTaskOver(model.tasks.get(task), now) &&
  (windowEnd === undefined || now < windowEnd);

/** When it should have ended at the latest: by somebody's word, by its window, or with its task. */
export const endOf = (model: Model, { overSince, windowEnd, task }: KnownGrant): number =>
  Math.min(
    overSince ?? Number.POSITIVE_INFINITY,
    windowEnd ?? Number.POSITIVE_INFINITY,
    model.tasks.get(task)?.openUntil ?? 0,
  );

/** Learns what is there, also what nobody was told of because whoever made it has died. */
export const observe = (model: Model, look: Look, now: number): void => {
  for (const task of look.tasks.values()) {
    const lastEnd = task.createdAt + TASK_MAX_SECONDS * SECOND_MS;
    const lease = (task.leaseSeconds ?? TASK_MAX_SECONDS) * SECOND_MS;
    const known = model.tasks.get(task.id) ?? {
      ...{ id: task.id, lease, lastEnd, isEnded: false },
      isExact: now === task.createdAt,
      openUntil: Math.min(now + lease, lastEnd),
    };
    known.isEnded ||= task.state === 'ended';
    model.tasks.set(task.id, known);
  }
  for (const grant of look.grants.values()) observeGrant(model, grant, now);
  model.seen = look;
};

const observeGrant = (model: Model, grant: Grant, now: number): void => {
  const known: KnownGrant = model.grants.get(grant.id) ?? {
    ...{ id: grant.id, kind: grant.kind, task: grant.task, seconds: grant.requestedSeconds, seenAt: now },
    ...{ windowEnd: undefined, overSince: undefined, isRevoked: false, isWaitedFor: false },
  };
  if (isOver(grant)) known.overSince ??= now;
  if ('expiresAt' in grant && grant.expiresAt !== undefined)
    known.windowEnd ??= Math.min(now + known.seconds * SECOND_MS, grant.expiresAt);
  model.grants.set(grant.id, known);
};
