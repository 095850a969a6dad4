import { randomBytes } from 'node:crypto';
import type { KeyItem } from '../../lambdas/adapters/vault/key-item.ts';
import { taskVaults } from '../../lambdas/adapters/vault/task-vaults.ts';

/** Vaults whose keys and objects lie in memory; the seals are real. */
export const rememberedVaults = (clock: () => number) => {
  const keys = new Map<string, KeyItem>();
  const objects = new Map<string, Uint8Array>();
  const vaults = taskVaults({
    keys: {
      read: async (task) => keys.get(task),
      create: async (task, item) => !keys.has(task) && Boolean(keys.set(task, item)),
      replace: async (task, _from, to) => Boolean(keys.set(task, to)),
    },
    objects: {
      put: async (path, sealed) => !objects.has(path) && Boolean(objects.set(path, sealed)),
      get: async (path) => objects.get(path),
    },
    retentionDays: 90,
    clock,
    random: (count) => randomBytes(count),
  });
  return { vaults, keys, objects };
};
