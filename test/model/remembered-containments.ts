import type { Containments } from '../../lambdas/app/ports-of-containment.ts';
import { GENESIS, headOf } from '../../lambdas/core/audit/chain.ts';
import type { AuditEntry } from '../../lambdas/core/audit/entry.ts';
import type { Containment } from '../../lambdas/core/containment/containment.ts';
import { NOBODY_CONTAINED } from '../../lambdas/core/containment/register.ts';
import type { ContainmentRegister } from '../../lambdas/core/grant/use-grant.ts';

/** Stops in memory: they, their register and their chain change together, and only from what was read. */
export const rememberedContainments = () => {
  const stops = new Map<string, Containment>();
  const chain: AuditEntry[] = [];
  let register: ContainmentRegister = NOBODY_CONTAINED;
  const head = () => {
    const last = chain.at(-1);
    return last ? headOf(last) : GENESIS;
  };
  const containments: Containments = {
    read: async () => ({
      head: head(),
      stored: { register, body: JSON.stringify(register) },
      containments: [...stops.values()],
    }),
    find: async (id) => stops.get(id),
    list: async () => [...stops.values()],
    async commit({ containment, entry, register: change }) {
      const isNext = (stops.get(containment.id)?.version ?? 0) === containment.version - 1;
      const isHead = entry.prevHash === head().hash;
      const isSame = !change || change.was.body === JSON.stringify(register);
      if (!isNext || !isHead || !isSame) return 'lost';
      stops.set(containment.id, containment);
      chain.push(entry);
      register = change?.next ?? register;
      return 'committed';
    },
  };
  return { containments, chain, register: () => register, all: () => new Map(stops) };
};
