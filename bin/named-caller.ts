import type { CompiledConfig } from '../lambdas/core/config/compiled.ts';
import type { Principal, PrincipalType } from '../lambdas/core/identity/principal.ts';
import { type Arguments, oneOf, required, UsageError } from './command-line.ts';

export const PRINCIPAL_TYPES: readonly PrincipalType[] = ['agent', 'workload', 'human'];

/** A caller as the authorizer would establish it: by its entry, or, with --groups alone, from what its token brings. */
export const namedCaller = (
  given: Arguments,
  { principals }: Pick<CompiledConfig, 'principals'>,
): Principal & { readonly groups: { readonly known: true } } => {
  const [type, another] = PRINCIPAL_TYPES.filter((candidate) => given.values.has(candidate));
  if (type === undefined || another !== undefined)
    throw new UsageError('Name one caller: --agent, --workload or --human.');
  const listed = principals.filter((entry) => entry.type === type);
  const groups = listOf(given.values.get('groups'));
  const names = listed.map((entry) => entry.name);
  const asked = required(given, type);
  const name = groups === undefined ? oneOf(`The ${type}`, asked, names) : asked;
  const entry = listed.find((candidate) => candidate.name === name);
  return {
    type,
    name,
    issuer: entry?.issuer ?? '',
    subject: entry?.subject ?? '',
    listed: true,
    groups: { known: true, names: groups ?? entry?.groups ?? [] },
    owners: entry?.owners ?? [],
    delegation: [],
    tokenFingerprint: '',
    tokenExpiresAt: 0,
  };
};

/** `a, b` → its names. */
export const listOf = (text: string | undefined): readonly string[] | undefined =>
  text?.split(',').map((name) => name.trim());
