import type { Mutant } from '../../bin/mutant.ts';

const SEAL = 'lambdas/core/vault/seal.ts';
const SEAL_TESTS = ['test/core/vault/seal.test.ts'];
const VAULTS = 'lambdas/adapters/vault/task-vaults.ts';
const VAULT_TESTS = ['test/adapters/vault/task-vaults.test.ts'];

/** What is kept beside the trail: that it is what the trail says, that it stays secret, and that what is erased is gone. */
export const VAULT_MUTANTS: readonly Mutant[] = [
  {
    promise: 8,
    rule: 'a payload that is not what the trail says is refused, whoever sealed it',
    file: VAULTS,
    find: 'if (sealedHash(sealed) !== hash)',
    replace: 'if (hash === undefined)',
    tests: VAULT_TESTS,
  },
  {
    promise: 8,
    rule: 'what is sealed opens under its own task and name only',
    file: SEAL,
    find: 'Buffer.concat([Buffer.of(VERSION), Buffer.from(path)]);',
    replace: 'Buffer.concat([Buffer.of(VERSION), Buffer.from(path).subarray(0, 0)]);',
    tests: SEAL_TESTS,
  },
  {
    promise: 8,
    rule: 'what was put under a name is not replaced',
    file: 'lambdas/adapters/vault/payload-objects.ts',
    find: `      IfNoneMatch: '*',\n`,
    replace: '',
    tests: VAULT_TESTS,
  },
  {
    promise: 6,
    rule: 'keys of one task for different purposes are different keys',
    file: SEAL,
    find: '(dataKey: Uint8Array, purpose: VaultPurpose): Uint8Array =>',
    replace: `(dataKey: Uint8Array, _: VaultPurpose, purpose = 'seal'): Uint8Array =>`,
    tests: SEAL_TESTS,
  },
  {
    promise: 6,
    rule: 'a task has one key, whoever loses the race to make it',
    file: VAULTS,
    find: 'if (await parts.keys.create(task, made)) return made;',
    replace: 'if ((await parts.keys.create(task, made)) || made) return made;',
    tests: VAULT_TESTS,
  },
  {
    promise: 6,
    rule: 'a key that was destroyed is not made again',
    file: 'lambdas/adapters/vault/key-store.ts',
    find: `'attribute_not_exists(task)'`,
    replace: `'attribute_not_exists(task) OR attribute_exists(erasedAt)'`,
    tests: VAULT_TESTS,
  },
  {
    promise: 6,
    rule: 'a key past its retention opens nothing, though it is still stored',
    file: VAULTS,
    find: 'item.purgeAt * SECOND_MS <= parts.clock()',
    replace: 'item.purgeAt * SECOND_MS <= 0',
    tests: VAULT_TESTS,
  },
  {
    promise: 6,
    rule: 'keys are in no backup from which one could come back',
    file: 'lib/payloads.ts',
    find: '{ pointInTimeRecoveryEnabled: false }',
    replace: '{ pointInTimeRecoveryEnabled: true }',
    tests: ['test/infra/resources.test.ts'],
    testsNamed: 'in no backup',
  },
];
