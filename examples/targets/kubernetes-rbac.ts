import * as z from 'zod';
import type { ObjectStore } from './kubernetes-objects.ts';

/** Who asks. Whoever is `isMaster` may do everything: that is how a cluster is set up. */
export interface Asker {
  readonly user: string;
  readonly groups: readonly string[];
  readonly isMaster: boolean;
}

export interface Attributes {
  readonly verb: string;
  readonly group: string;
  /** With its subresource behind a slash. */
  readonly resource: string;
  readonly namespace: string;
  readonly name: string;
}

const Names = z.array(z.string()).default([]);
const Rules = z.object({
  rules: z.array(z.object({ apiGroups: Names, resources: Names, verbs: Names, resourceNames: Names })),
});

const Binding = z.object({
  roleRef: z.object({ kind: z.enum(['Role', 'ClusterRole']), name: z.string() }),
  subjects: z.array(z.object({ kind: z.string(), name: z.string() })).default([]),
});

const RBAC = 'rbac.authorization.k8s.io';

/** As Kubernetes' own RBAC decides: nothing is allowed unless a binding in that namespace leads to a rule that allows it. */
export const isAllowed = (
  store: ObjectStore,
  { user, groups, isMaster }: Asker,
  asked: Attributes,
): boolean =>
  isMaster ||
  store.list(`${RBAC}/rolebindings`, asked.namespace).some((binding) => {
    const { roleRef, subjects } = Binding.parse(binding);
    const isNamed = subjects.some(
      ({ kind, name }) => (kind === 'User' && name === user) || (kind === 'Group' && groups.includes(name)),
    );
    return isNamed && rulesOf(store, asked.namespace, roleRef).some((rule) => covers(rule, asked));
  });

type Rule = z.infer<typeof Rules>['rules'][number];

const rulesOf = (
  store: ObjectStore,
  namespace: string,
  { kind, name }: z.infer<typeof Binding>['roleRef'],
): readonly Rule[] => {
  const role =
    kind === 'Role'
      ? store.get(`${RBAC}/roles`, namespace, name)
      : store.get(`${RBAC}/clusterroles`, '', name);
  return role ? Rules.parse(role).rules : [];
};

const covers = (rule: Rule, { verb, group, resource, name }: Attributes): boolean =>
  holds(rule.verbs, verb) &&
  holds(rule.apiGroups, group) &&
  holds(rule.resources, resource) &&
  (rule.resourceNames.length === 0 || rule.resourceNames.includes(name));

const holds = (listed: readonly string[], one: string): boolean =>
  listed.includes('*') || listed.includes(one);
