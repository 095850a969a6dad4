import type { EksProfile } from '../config/target-addresses.ts';
import { clusterUser, GRANT_ID_PATTERN } from '../grant/ids.ts';
import type { RoleBinding } from './kubernetes-objects.ts';

/**
 * A grant is one RoleBinding in one namespace. Its name says whose it is, so that no list is needed to find it:
 *
 *     grant    g_k3v9q2m7xw4b8r1nd6hz_5h2j7d9c1s0f
 *     binding  latchkey-k3v9q2m7xw4b8r1nd6hz-5h2j7d9c1s0f
 *     user     latchkey:g_k3v9q2m7xw4b8r1nd6hz_5h2j7d9c1s0f
 */
export const GRANT_LABEL = 'latchkey/grant';
export const RBAC_GROUP = 'rbac.authorization.k8s.io';
const BINDING_PREFIX = 'latchkey-';
/** Of every user that a grant's session is known as there. */
const USER_PREFIX = clusterUser('');

export const bindingName = (grantId: string): string =>
  `${BINDING_PREFIX}${grantId.slice(2).replaceAll('_', '-')}`;

/** The manifest of a grant that gives nobody anything yet: who it is for is written in last. */
export const emptyBinding = (grantId: string, { namespace, role }: EksProfile) => ({
  apiVersion: `${RBAC_GROUP}/v1`,
  kind: 'RoleBinding',
  metadata: {
    name: bindingName(grantId),
    namespace,
    labels: { 'app.kubernetes.io/managed-by': 'latchkey', [GRANT_LABEL]: grantId },
  },
  roleRef: { apiGroup: RBAC_GROUP, ...role },
});

export const subjectOf = (grantId: string) => ({
  apiGroup: RBAC_GROUP,
  kind: 'User',
  name: clusterUser(grantId),
});

/** `empty`: made by us and not filled yet. `whole`: as we make them. `foreign`: anything else under our name. */
export const stateOfBinding = (
  binding: RoleBinding,
  grantId: string,
  profile: EksProfile,
): 'empty' | 'whole' | 'foreign' => {
  const wanted = emptyBinding(grantId, profile);
  const { metadata, roleRef, subjects } = binding;
  const isOurs =
    metadata.name === wanted.metadata.name &&
    metadata.namespace === wanted.metadata.namespace &&
    isSame(metadata.labels, wanted.metadata.labels) &&
    isSame(roleRef, wanted.roleRef);
  if (!isOurs) return 'foreign';
  if (subjects.length === 0) return 'empty';
  return subjects.length === 1 && isSame({ ...subjects[0] }, subjectOf(grantId)) ? 'whole' : 'foreign';
};

const isSame = (one: Readonly<Record<string, unknown>>, other: Readonly<Record<string, unknown>>): boolean =>
  Object.keys(one).length === Object.keys(other).length &&
  Object.entries(one).every(([key, value]) => other[key] === value);

/** Every grant that a binding has to do with: by its name, by its label, and by each user that it names. */
export const grantsOfBinding = ({ metadata, subjects }: RoleBinding): readonly string[] => {
  const users = subjects.flatMap(({ kind, name }) =>
    kind === 'User' && name.startsWith(USER_PREFIX) ? [name.slice(USER_PREFIX.length)] : [],
  );
  const named = metadata.name.startsWith(BINDING_PREFIX)
    ? [`g_${metadata.name.slice(BINDING_PREFIX.length).replace('-', '_')}`]
    : [];
  const all = [...named, metadata.labels[GRANT_LABEL] ?? '', ...users];
  return [...new Set(all)].filter((id) => GRANT_ID_PATTERN.test(id));
};

/** A binding that names others too is somebody's own: it is not ours to take away. */
export const isOnlyOf = (grantId: string, { metadata, subjects }: RoleBinding): boolean =>
  metadata.name === bindingName(grantId) ||
  subjects.every(({ kind, name }) => kind === 'User' && name === clusterUser(grantId));
