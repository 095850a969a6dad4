import { appendEntry } from '../core/audit/chain.ts';
import type { EventContext } from '../core/audit/event.ts';
import { TOKENS_CHAIN } from '../core/audit/system-chain.ts';
import { REFUSALS_LAG_MS, REFUSALS_LOOK_BACK_MS } from '../core/limits.ts';
import type { Clock, RefusedTokens, Store } from './ports.ts';

export interface RefusedTokensDeps {
  readonly store: Pick<Store, 'readSystemHead' | 'appendSystem'>;
  readonly refusedTokens: RefusedTokens;
  readonly clock: Clock;
}

/**
 * Brings what the authorizer refused into the trail, counted by reason: one entry for each sweep that found any.
 * It goes on where the last entry ended, so that nothing is counted twice and little is missed.
 */
export const recordRefusedTokens = async (deps: RefusedTokensDeps, context: EventContext): Promise<void> => {
  const to = deps.clock() - REFUSALS_LAG_MS;
  const { entry, head } = await deps.store.readSystemHead(TOKENS_CHAIN);
  const last = entry?.event.type === 'tokens.refused' ? entry.event.to : 0;
  const from = Math.max(last, to - REFUSALS_LOOK_BACK_MS);
  const { refusals, isComplete } = await deps.refusedTokens.countBetween(from, to);
  if (refusals.length === 0) return;
  const event = { type: 'tokens.refused' as const, from, to, refusals, isComplete, ...context };
  await deps.store.appendSystem(TOKENS_CHAIN, (current) => {
    // Another sweep was faster: these refusals are in its entry.
    if (current.seq !== head.seq) throw new TypeError('the window was counted by another sweep');
    return appendEntry({ chain: TOKENS_CHAIN, head: current }, event, deps.clock());
  });
};
