import { createHash } from 'node:crypto';
import { SYSTEM_CHAIN_SHARDS_COUNT } from '../limits.ts';
import type { EpochMs } from '../time.ts';
import { toIso } from '../time.ts';

/** The one chain of activated configurations. Its last entry says under which rules an answer was given. */
export const CONFIG_CHAIN = 'system:config';

/** The one chain of refused tokens: a single writer, the sweeper, appends to it at most once a minute. */
export const TOKENS_CHAIN = 'system:tokens';

/** The one chain of what people did to kept payloads: erasures and legal holds, with their own credentials. */
export const PAYLOADS_CHAIN = 'system:payloads';

/** The one chain of stops: who placed and lifted what, and what was ended meanwhile. Its head is what every change of one is conditioned on. */
export const CONTAINMENT_CHAIN = 'system:containment';

/** Chains of facts that belong to no grant and no task, one set for each day, sharded so that no head is hot. */
export const systemChain = (subject: string, key: string, at: EpochMs): string => {
  const shard = (createHash('sha256').update(key).digest()[0] ?? 0) % SYSTEM_CHAIN_SHARDS_COUNT;
  return `system:${subject}:${toIso(at).slice(0, 10)}:${shard}`;
};
