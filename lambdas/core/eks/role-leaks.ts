import type { EksProfile } from '../config/target-addresses.ts';
import { RBAC_GROUP } from './binding.ts';
import type { Role, Rule } from './kubernetes-objects.ts';

/**
 * Why a role is not given: what it allows would outlive the grant. A stream that is open is not cut when a binding is deleted; whoever
 * may make bindings, tokens or workloads leaves something behind that goes on acting. Codes, for the trail.
 */
export type RoleLeak =
  | 'aggregated'
  | 'wildcard'
  | 'verb'
  | 'stream'
  | 'subresource'
  | 'secrets'
  | 'rights'
  | 'writes'
  | 'urls';

const VERBS: ReadonlySet<string> = new Set([
  'get',
  'list',
  'create',
  'update',
  'patch',
  'delete',
  'deletecollection',
]);
const READS: ReadonlySet<string> = new Set(['get', 'list']);
const MAKES: ReadonlySet<string> = new Set(['create', 'update', 'patch']);

/** What may be made or changed, because nothing runs from it and nobody gets in by it. Whatever is not named is not. */
const HARMLESS: ReadonlySet<string> = new Set([
  '/configmaps',
  '/events',
  'events.k8s.io/events',
  '/persistentvolumeclaims',
  'autoscaling/horizontalpodautoscalers',
  'coordination.k8s.io/leases',
  'policy/poddisruptionbudgets',
]);

/** What comes after the slash of a resource, with the verbs it may be given with. `log` is asked about apart. */
const SUBRESOURCES: Readonly<Record<string, ReadonlySet<string>>> = {
  status: new Set(['get']),
  scale: new Set(['get', 'update', 'patch']),
  eviction: new Set(['create']),
};

/** What is wrong with a role, each once; empty for one that may be given. */
export const leaksOf = (role: Role, profile: EksProfile): readonly RoleLeak[] => {
  const found = role.rules.flatMap((rule) => leaksOfRule(rule, profile));
  // Its rules are written by a controller, from whatever roles bear a label at the time.
  if (role.aggregationRule !== undefined && role.aggregationRule !== null) found.unshift('aggregated');
  return [...new Set(found)];
};

const leaksOfRule = (rule: Rule, profile: EksProfile): RoleLeak[] => {
  const leaks: RoleLeak[] = rule.nonResourceURLs.length > 0 ? ['urls'] : [];
  const { apiGroups, resources, verbs } = rule;
  if ([...apiGroups, ...resources, ...verbs].some((name) => name.includes('*')))
    return [...leaks, 'wildcard'];
  if (verbs.includes('watch')) leaks.push('stream');
  if (verbs.some((verb) => verb !== 'watch' && !VERBS.has(verb))) leaks.push('verb');
  const given = verbs.filter((verb) => VERBS.has(verb));
  for (const group of apiGroups)
    for (const resource of resources) leaks.push(...leaksOfResource(`${group}/${resource}`, given, profile));
  return leaks;
};

const leaksOfResource = (full: string, verbs: readonly string[], profile: EksProfile): RoleLeak[] => {
  const [group = '', resource = '', subresource] = full.split('/');
  if (subresource !== undefined) return leaksOfSubresource(full, subresource, { verbs, profile });
  const isReadOnly = verbs.every((verb) => READS.has(verb));
  if (full === '/secrets') return ['secrets'];
  // A namespace is deleted with the rights of a role in it.
  const guarded = group === RBAC_GROUP || full === '/serviceaccounts' || full === '/namespaces';
  if (guarded) return isReadOnly ? [] : ['rights'];
  return verbs.some((verb) => MAKES.has(verb)) && !HARMLESS.has(`${group}/${resource}`) ? ['writes'] : [];
};

const leaksOfSubresource = (
  full: string,
  subresource: string,
  { verbs, profile }: { verbs: readonly string[]; profile: EksProfile },
): RoleLeak[] => {
  const isRead = verbs.every((verb) => verb === 'get');
  if (full === '/pods/log') return profile.mayFollowLogs === true && isRead ? [] : ['stream'];
  const allowed = Object.hasOwn(SUBRESOURCES, subresource) ? SUBRESOURCES[subresource] : undefined;
  return allowed && verbs.every((verb) => allowed.has(verb)) ? [] : ['subresource'];
};
