import { NOBODY } from '../core/approval/consent.ts';
import { appendEntry } from '../core/audit/chain.ts';
import type { EventContext } from '../core/audit/event.ts';
import { CONFIG_CHAIN } from '../core/audit/system-chain.ts';
import type { PrincipalEntry } from '../core/config/issuer.ts';
import { isRunAction, type Resource } from '../core/config/resource.ts';
import type { Grant } from '../core/grant/grant.ts';
import { isOver } from '../core/grant/grant.ts';
import { groupsToday } from '../core/identity/listed-entry.ts';
import { CONFIG_SETTLING_MS, SWEEP_CONCURRENCY } from '../core/limits.ts';
import type { Policy } from '../core/policy/decide-access.ts';
import {
  answerWith,
  maxSeconds,
  rightsFor,
  unmaskedCategories,
  verdictOn,
} from '../core/policy/decide-access.ts';
import type { Software } from './caller.ts';
import type { EndDeps } from './end-grant.ts';
import { endGrant } from './end-grant.ts';
import { inTurns } from './in-turns.ts';
import type { Store } from './ports.ts';

export interface ActivateConfigDeps extends EndDeps {
  readonly store: EndDeps['store'] & Pick<Store, 'due' | 'readSystemHead' | 'appendSystem'>;
  readonly policy: Policy;
  readonly resources: readonly Resource[];
  readonly principals: readonly PrincipalEntry[];
  readonly software: Software;
}

/**
 * Notices that this deploy carries another configuration than the last one in the trail. Every live grant is then
 * asked again and ended if the new one would not give it; only when all were asked is the change recorded, so that a
 * crash in between asks again. For a while after, it goes on asking: a deploy does not replace all functions at once.
 */
export const activateConfig = async (deps: ActivateConfigDeps, context: EventContext): Promise<void> => {
  const digest = deps.software.policyDigest;
  const { entry } = await deps.store.readSystemHead(CONFIG_CHAIN);
  const active = entry?.event.type === 'config.activated' ? entry.event : undefined;
  const isSettled = active?.digest === digest && deps.clock() >= (entry?.at ?? 0) + CONFIG_SETTLING_MS;
  if (isSettled) return;
  if (active && (active.previous !== null || active.digest !== digest)) await askAgain(deps, context);
  if (active?.digest === digest) return;
  const event = { type: 'config.activated' as const, digest, previous: active?.digest ?? null, ...context };
  await deps.store.appendSystem(CONFIG_CHAIN, (head) =>
    appendEntry({ chain: CONFIG_CHAIN, head }, event, deps.clock()),
  );
};

const askAgain = async (deps: ActivateConfigDeps, context: EventContext): Promise<void> => {
  const isMine = (grant: Grant) =>
    grant.policyDigest !== deps.software.policyDigest && !isStillGiven(deps, grant);
  const live = await deps.store.due(Number.MAX_SAFE_INTEGER);
  await inTurns(live, SWEEP_CONCURRENCY, async ({ kind, id }) => {
    const grant = kind === 'grant' ? await deps.store.readGrant(id) : undefined;
    if (grant && !isOver(grant) && isMine(grant))
      await endGrant(deps, { grantId: id, cause: 'policy_changed', isMine }, context);
  });
};

/** With today's groups, and with the people whose consent it stands on. */
const isStillGiven = (deps: ActivateConfigDeps, grant: Grant): boolean => {
  const resource = deps.resources.find(({ id }) => id === grant.resource);
  const groups = groupsToday(grant, deps.principals);
  if (!resource || !groups || grant.requestedSeconds > maxSeconds(resource)) return false;
  const { principal, action, profile, requestedSeconds: durationSeconds } = grant;
  const question = { principal, groups, action, profile, resource, durationSeconds };
  const verdict = verdictOn(deps.policy, question);
  if (verdict.effect === 'deny') return false;
  // Each run is asked for by itself, with the policy of then.
  if (isRunAction(action)) return true;
  const unmasked = unmaskedCategories(deps.policy, { principal, groups, resource });
  if (grant.rights === 'connect' && rightsFor(resource, action, unmasked) !== 'connect') return false;
  // What waits for people is asked about again when they have decided.
  if (grant.state === 'pending_approval') return true;
  return answerWith(deps.policy, question, grant.consent ?? NOBODY).allowed;
};
