import * as z from 'zod';

/** What an API server says, as far as it is looked at: more keys may come with every version, so they are dropped. */
const Metadata = z.object({
  name: z.string(),
  namespace: z.string().optional(),
  uid: z.string(),
  resourceVersion: z.string(),
  labels: z.record(z.string(), z.string()).default({}),
});

export const RoleBinding = z.object({
  metadata: Metadata,
  roleRef: z.object({ apiGroup: z.string(), kind: z.string(), name: z.string() }),
  subjects: z
    .array(
      z.object({
        kind: z.string(),
        name: z.string(),
        apiGroup: z.string().optional(),
        namespace: z.string().optional(),
      }),
    )
    .default([]),
});
export type RoleBinding = z.infer<typeof RoleBinding>;

export const RoleBindingList = z.object({
  metadata: z.object({ continue: z.string().default('') }),
  items: z.array(RoleBinding),
});

const Names = z.array(z.string()).default([]);

const Rule = z.object({
  apiGroups: Names,
  resources: Names,
  verbs: Names,
  resourceNames: Names,
  nonResourceURLs: Names,
});
export type Rule = z.infer<typeof Rule>;

/** A Role or a ClusterRole. Kubernetes writes `null` for a role without rules. */
export const Role = z.object({
  rules: z
    .array(Rule)
    .nullable()
    .default([])
    .transform((rules) => rules ?? []),
  aggregationRule: z.unknown().optional(),
});
export type Role = z.infer<typeof Role>;

export const AccessReview = z.object({
  status: z.object({ allowed: z.boolean(), evaluationError: z.string().default('') }),
});
