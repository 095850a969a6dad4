import { GROUP_NAME_MAX_CHARACTERS, GROUPS_MAX_COUNT } from '../limits.ts';
import { isJsonObject, type JsonObject, own } from './decode-token.ts';

/**
 * The groups a token names, or why they are not known. `absent`: it says nothing. `unusable`: it says something
 * that cannot be taken for the whole list, which is never the same as having none.
 */
export type TokenGroups =
  | { readonly known: true; readonly names: readonly string[] }
  | { readonly known: false; readonly because: 'absent' | 'unusable' };

/** Reads the claim at `path`. Names are compared exactly, case included. */
export const groupsOf = (payload: JsonObject, path: readonly string[]): TokenGroups => {
  if (isOverflowing(payload, path)) return UNUSABLE;
  const claim = claimAt(payload, path);
  if (claim === undefined) return { known: false, because: 'absent' };
  if (!Array.isArray(claim) || claim.length > GROUPS_MAX_COUNT) return UNUSABLE;
  const names: readonly unknown[] = claim;
  return names.every(isGroupName) ? { known: true, names: [...new Set(names)] } : UNUSABLE;
};

const UNUSABLE: TokenGroups = { known: false, because: 'unusable' };

/** Entra leaves groups out above 200 and says so in one of two ways; what it still lists then is not the whole. */
const isOverflowing = (payload: JsonObject, path: readonly string[]): boolean => {
  const marker = own(payload, 'hasgroups');
  if (marker !== undefined && marker !== false) return true;
  const elsewhere = own(payload, '_claim_names');
  if (elsewhere === undefined) return false;
  return !isJsonObject(elsewhere) || path.some((name) => own(elsewhere, name) !== undefined);
};

const claimAt = (payload: JsonObject, path: readonly string[]): unknown =>
  path.reduce<unknown>((value, name) => (isJsonObject(value) ? own(value, name) : undefined), payload);

const isGroupName = (value: unknown): value is string =>
  typeof value === 'string' &&
  value !== '' &&
  value.length <= GROUP_NAME_MAX_CHARACTERS &&
  value.isWellFormed() &&
  !/\p{Cc}/u.test(value);
