import { randomUUID } from 'node:crypto';
import * as z from 'zod';

/** What the stand-in keeps: any object, of which it looks at the name and the version. */
export const KubernetesObject = z.looseObject({
  apiVersion: z.string(),
  kind: z.string(),
  metadata: z.looseObject({
    name: z.string().min(1),
    namespace: z.string().optional(),
    uid: z.string().optional(),
    resourceVersion: z.string().optional(),
  }),
});
export type KubernetesObject = z.infer<typeof KubernetesObject>;

/** An object that is in the store. */
export type Stored = KubernetesObject & {
  metadata: KubernetesObject['metadata'] & { uid: string; resourceVersion: string };
};

const RBAC_GROUP = 'rbac.authorization.k8s.io';

/** Every resource that is known here: its kind, and whether it lives in a namespace. */
const RESOURCES: Readonly<Record<string, { kind: string; namespaced: boolean }>> = {
  '/namespaces': { kind: 'Namespace', namespaced: false },
  '/pods': { kind: 'Pod', namespaced: true },
  '/configmaps': { kind: 'ConfigMap', namespaced: true },
  '/secrets': { kind: 'Secret', namespaced: true },
  '/events': { kind: 'Event', namespaced: true },
  'apps/deployments': { kind: 'Deployment', namespaced: true },
  [`${RBAC_GROUP}/roles`]: { kind: 'Role', namespaced: true },
  [`${RBAC_GROUP}/rolebindings`]: { kind: 'RoleBinding', namespaced: true },
  [`${RBAC_GROUP}/clusterroles`]: { kind: 'ClusterRole', namespaced: false },
};

/** `group/resource` of what a manifest declares; undefined for what is not known here. */
export const resourceOfKind = ({ apiVersion, kind }: KubernetesObject): string | undefined => {
  const group = apiVersion.includes('/') ? apiVersion.split('/')[0] : '';
  return Object.keys(RESOURCES).find(
    (name) => RESOURCES[name]?.kind === kind && name.split('/')[0] === group,
  );
};

export const kindOf = (resource: string): { kind: string; namespaced: boolean } | undefined =>
  RESOURCES[resource];

/** Versions are given once in the life of a store, as etcd does. */
export class ObjectStore {
  readonly #objects = new Map<string, Stored>();
  #version = 100;

  get(resource: string, namespace: string, name: string): Stored | undefined {
    return this.#objects.get([resource, namespace, name].join(' '));
  }

  list(resource: string, namespace: string): Stored[] {
    const prefix = [resource, namespace, ''].join(' ');
    return [...this.#objects].flatMap(([key, object]) => (key.startsWith(prefix) ? [object] : []));
  }

  put(resource: string, namespace: string, object: KubernetesObject): Stored {
    this.#version += 1;
    const { name, uid = randomUUID() } = object.metadata;
    const place = namespace === '' ? {} : { namespace };
    const metadata = { ...object.metadata, ...place, uid, resourceVersion: String(this.#version) };
    const stored = { ...object, metadata };
    this.#objects.set([resource, namespace, name].join(' '), stored);
    return stored;
  }

  delete(resource: string, namespace: string, name: string): void {
    this.#objects.delete([resource, namespace, name].join(' '));
  }
}
