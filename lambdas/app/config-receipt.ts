import type { Receipt } from '../core/audit/entry.ts';
import { CONFIG_CHAIN } from '../core/audit/system-chain.ts';
import { CONFIG_RECEIPT_TTL_MS } from '../core/limits.ts';
import type { EpochMs } from '../core/time.ts';
import type { Clock, Store } from './ports.ts';

/**
 * The receipt for answers that no entry of their own stands for: the activation of the configuration they were
 * given under. Read once in a while and kept in between; before the first activation there is none.
 */
export const configReceipts = (deps: {
  readonly store: Pick<Store, 'readSystemHead'>;
  readonly clock: Clock;
}): (() => Promise<Receipt | undefined>) => {
  let kept: { readonly receipt: Receipt | undefined; readonly until: EpochMs } | undefined;
  return async () => {
    if (!kept || deps.clock() >= kept.until) {
      const { head } = await deps.store.readSystemHead(CONFIG_CHAIN);
      const receipt = head.seq > 0 ? { chain: CONFIG_CHAIN, ...head } : undefined;
      kept = { receipt, until: deps.clock() + (receipt ? CONFIG_RECEIPT_TTL_MS : 0) };
    }
    return kept.receipt;
  };
};
