import * as z from 'zod';
import { DependencyUnavailable } from '../../app/ports.ts';
import type { EksProfile } from '../../core/config/target-addresses.ts';
import type { Right } from '../../core/eks/access-reviews.ts';
import { RBAC_GROUP } from '../../core/eks/binding.ts';
import { AccessReview, Role, RoleBinding, RoleBindingList } from '../../core/eks/kubernetes-objects.ts';
import { KUBERNETES_PAGE_COUNT, KUBERNETES_PAGES_MAX } from '../../core/eks/limits.ts';
import { ClusterRefusal, type KubernetesApi } from './kubernetes-api.ts';

const RBAC = `/apis/${RBAC_GROUP}/v1`;
const REVIEWS = '/apis/authorization.k8s.io/v1';

const inNamespace = (base: string, namespace: string, ...steps: string[]): string =>
  [`${base}/namespaces`, ...[namespace, ...steps].map(encodeURIComponent)].join('/');

const bindingsIn = (namespace: string, ...name: string[]): string =>
  inNamespace(RBAC, namespace, 'rolebindings', ...name);

/** The few things that are asked of a cluster. `undefined` where something is not there, or is there already, or has changed. */
const unless = async <T>(status: number, answer: Promise<T>): Promise<T | undefined> =>
  answer.catch((error: unknown) => {
    if (error instanceof ClusterRefusal && error.status === status) return undefined;
    throw error;
  });

export const readRole = (api: KubernetesApi, { namespace, role }: EksProfile): Promise<Role | undefined> => {
  const path =
    role.kind === 'Role'
      ? inNamespace(RBAC, namespace, 'roles', role.name)
      : `${RBAC}/clusterroles/${encodeURIComponent(role.name)}`;
  return unless(404, api({ method: 'GET', path }, Role));
};

export const readBinding = (
  api: KubernetesApi,
  namespace: string,
  name: string,
): Promise<RoleBinding | undefined> =>
  unless(404, api({ method: 'GET', path: bindingsIn(namespace, name) }, RoleBinding));

/** Undefined: there is one of that name. */
export const createBinding = (
  api: KubernetesApi,
  manifest: { readonly metadata: { readonly namespace: string } },
): Promise<RoleBinding | undefined> =>
  unless(
    409,
    api({ method: 'POST', path: bindingsIn(manifest.metadata.namespace), body: manifest }, RoleBinding),
  );

/**
 * Writes in whom it is for, if it is still exactly the one that was read: a version is never given twice, so one that was
 * deleted, or made anew since, stays as it is. Undefined: it was not.
 */
export const fillBinding = async (
  api: KubernetesApi,
  { metadata }: RoleBinding,
  subject: object,
): Promise<RoleBinding | undefined> => {
  const { name, namespace = '', uid, resourceVersion } = metadata;
  const body = { metadata: { uid, resourceVersion }, subjects: [subject] };
  const filled = api({ method: 'PATCH', path: bindingsIn(namespace, name), body }, RoleBinding);
  return unless(404, unless(409, unless(422, filled)));
};

/** With a uid: only the one that was seen. False: it was not there. */
export const deleteBinding = async (
  api: KubernetesApi,
  { namespace, name, uid }: { readonly namespace: string; readonly name: string; readonly uid?: string },
): Promise<boolean> => {
  const body = uid && { apiVersion: 'v1', kind: 'DeleteOptions', preconditions: { uid } };
  const call = { method: 'DELETE' as const, path: bindingsIn(namespace, name), ...(body ? { body } : {}) };
  return (
    (await unless(
      404,
      unless(
        409,
        api(call, z.unknown()).then(() => true),
      ),
    )) ?? false
  );
};

export const listBindings = async (
  api: KubernetesApi,
  namespace: string,
): Promise<readonly RoleBinding[]> => {
  const found: RoleBinding[] = [];
  let from = '';
  for (let page = 0; page < KUBERNETES_PAGES_MAX; page += 1) {
    const query = `limit=${KUBERNETES_PAGE_COUNT}&continue=${encodeURIComponent(from)}`;
    const { metadata, items } = await api(
      { method: 'GET', path: `${bindingsIn(namespace)}?${query}` },
      RoleBindingList,
    );
    found.push(...items.map((item) => ({ ...item, metadata: { ...item.metadata, namespace } })));
    from = metadata.continue;
    if (from === '') return found;
  }
  throw new DependencyUnavailable('target', new Error('a list without end'));
};

/** What the cluster itself would decide for this user, by name alone. `unknown`: it could not look at everything. */
export const mayUser = async (
  api: KubernetesApi,
  { namespace, user }: { readonly namespace: string; readonly user: string },
  { group, resource, subresource, verb, name }: Right,
): Promise<boolean | 'unknown'> => {
  const resourceAttributes = { namespace, group, resource, subresource, verb, ...(name ? { name } : {}) };
  const body = {
    apiVersion: 'authorization.k8s.io/v1',
    kind: 'LocalSubjectAccessReview',
    metadata: { namespace },
    spec: { user, resourceAttributes },
  };
  const path = inNamespace(REVIEWS, namespace, 'localsubjectaccessreviews');
  const { status } = await api({ method: 'POST', path, body }, AccessReview);
  if (status.allowed) return true;
  return status.evaluationError === '' ? false : 'unknown';
};
