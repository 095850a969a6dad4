import { type MaskedReach, maskedReach } from '../lambdas/adapters/postgres/masked-reach.ts';
import type { Session } from '../lambdas/adapters/postgres/session.ts';
import type { PostgresResource } from '../lambdas/core/config/resource.ts';
import type { TargetCheck } from './target-check.ts';

type Checked = Pick<PostgresResource, 'target' | 'sensitive'>;

/** What activation asks before it makes a masked login, with the mend that it has nobody to tell. */
export const checkMaskedTemplate = async (
  session: Session,
  { target, sensitive }: Checked,
): Promise<readonly TargetCheck[]> => {
  const role = target.maskedTemplateRole ?? target.templateRole;
  const exists = await session.ask('SELECT FROM pg_roles WHERE rolname = $1', [role]);
  // That a role is missing is said elsewhere; here there is nobody to ask about.
  if (sensitive.length === 0 || exists.length === 0) return [];
  const reach = await maskedReach(session, role, sensitive);
  const checks = [check(ITEMS.missing, reach, { target, kinds: ['missing'] })];
  return target.maskedTemplateRole === undefined
    ? checks
    : [...checks, check(ITEMS.kept, reach, { target, kinds: ['column', 'relation', 'function'] })];
};

const ITEMS = {
  missing: 'every sensitive column exists',
  kept: 'the masked template and PUBLIC cannot reach a sensitive column',
};

const check = (
  item: string,
  reach: readonly MaskedReach[],
  { target, kinds }: Pick<Checked, 'target'> & { readonly kinds: readonly MaskedReach['kind'][] },
): TargetCheck => {
  const found = reach.filter(({ kind }) => kinds.includes(kind));
  const mends = new Set(found.map((one) => mendOf(one, target)));
  return { item, ok: found.length === 0, mend: found.length === 0 ? undefined : [...mends].join(' ') };
};

/** Revoking the right to a table takes back those to its columns as well. */
const mendOf = (found: MaskedReach, target: PostgresResource['target']): string => {
  const role = target.maskedTemplateRole ?? target.templateRole;
  const from = found.grantees.length === 0 ? role : found.grantees.join(', ');
  switch (found.kind) {
    case 'missing':
      return `${found.name} is not in ${target.database}: mend "sensitive" in resources.yaml.`;
    case 'column':
      return `REVOKE SELECT ON ${found.table} FROM ${from}; GRANT SELECT (${found.others.join(', ')}) ON ${found.table} TO ${role};`;
    case 'relation':
      return `REVOKE ALL ON ${found.name} FROM ${from};`;
    case 'function':
      return `REVOKE EXECUTE ON FUNCTION ${found.name} FROM ${from};`;
    default:
      return found.kind satisfies never;
  }
};
