import * as z from 'zod';
import { KubernetesObject, kindOf, type ObjectStore, type Stored } from './kubernetes-objects.ts';
import { type Asker, type Attributes, isAllowed } from './kubernetes-rbac.ts';

export interface Call {
  readonly method: string;
  readonly url: URL;
  readonly contentType: string | undefined;
  readonly text: string;
  readonly asker: Asker;
}

/** A text is a log. */
export interface Answer {
  readonly status: number;
  readonly body: object | string;
}

export const failure = (code: number, reason: string): Answer => ({
  status: code,
  body: { kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Failure', reason, code },
});

const PATH =
  /^\/(?:api\/v1|apis\/(?<group>[a-z0-9.]+)\/v1)\/namespaces\/(?<namespace>[^/]+)(?:\/(?<plural>[a-z]+)(?:\/(?<name>[^/]+)(?:\/(?<sub>[a-z]+))?)?)?$/;

/** Authorisation first, as an API server does: whoever may not ask does not learn whether there is anything to ask for. */
export const answerCall = (store: ObjectStore, call: Call): Answer => {
  const parts = PATH.exec(call.url.pathname)?.groups;
  const verb = verbOf(call, parts?.name);
  if (!parts?.plural || verb === undefined) return failure(404, 'NotFound');
  const { group = '', namespace = '', plural, sub } = parts;
  const name = decodeURIComponent(parts.name ?? '');
  const resource = sub === undefined ? plural : `${plural}/${sub}`;
  const asked = { verb, group, resource, namespace, name };
  if (!isAllowed(store, call.asker, asked)) return failure(403, 'Forbidden');
  if (group === 'authorization.k8s.io') return review(store, call, asked);
  if (resource === 'pods/log' && verb === 'get' && group === '') return log(store, asked);
  const act = sub === undefined && kindOf(`${group}/${plural}`)?.namespaced ? ACTS[verb] : undefined;
  return act ? act(store, call, asked) : failure(405, 'MethodNotAllowed');
};

const verbOf = ({ method, url }: Call, name: string | undefined): string | undefined => {
  if (url.searchParams.get('watch') !== null) return method === 'GET' ? 'watch' : undefined;
  const verbs: Readonly<Record<string, string>> =
    name === undefined
      ? { GET: 'list', POST: 'create', DELETE: 'deletecollection' }
      : { GET: 'get', POST: 'create', PATCH: 'patch', PUT: 'update', DELETE: 'delete' };
  return verbs[method];
};

type Act = (store: ObjectStore, call: Call, asked: Attributes) => Answer;

const keyOf = ({ group, resource }: Attributes): string => `${group}/${resource}`;

const bodyOf = ({ text, contentType }: Call, type: string): unknown => {
  if (contentType !== type) return undefined;
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
};

const ACTS: Readonly<Record<string, Act>> = {
  get(store, _call, asked) {
    const found = store.get(keyOf(asked), asked.namespace, asked.name);
    return found ? { status: 200, body: found } : failure(404, 'NotFound');
  },
  list(store, _call, asked) {
    const { kind } = kindOf(keyOf(asked)) ?? { kind: '' };
    const items = store.list(keyOf(asked), asked.namespace);
    return { status: 200, body: { kind: `${kind}List`, apiVersion: 'v1', metadata: {}, items } };
  },
  create(store, call, asked) {
    const parsed = KubernetesObject.safeParse(bodyOf(call, 'application/json'));
    if (!parsed.success || asked.name !== '') return failure(400, 'BadRequest');
    const object = parsed.data;
    const { name, namespace = asked.namespace } = object.metadata;
    if (namespace !== asked.namespace || object.kind !== kindOf(keyOf(asked))?.kind)
      return failure(400, 'BadRequest');
    if (!mayBind(store, call, { asked, object })) return failure(403, 'Forbidden');
    if (store.get(keyOf(asked), asked.namespace, name)) return failure(409, 'AlreadyExists');
    return { status: 201, body: store.put(keyOf(asked), asked.namespace, object) };
  },
  patch(store, call, asked) {
    const patch = z
      .looseObject({ metadata: z.looseObject({}).default({}) })
      .safeParse(bodyOf(call, 'application/merge-patch+json'));
    if (!patch.success) return failure(415, 'UnsupportedMediaType');
    const found = store.get(keyOf(asked), asked.namespace, asked.name);
    if (!found) return failure(404, 'NotFound');
    const { uid = found.metadata.uid, resourceVersion } = patch.data.metadata;
    if (resourceVersion !== undefined && resourceVersion !== found.metadata.resourceVersion)
      return failure(409, 'Conflict');
    if (uid !== found.metadata.uid || 'roleRef' in patch.data) return failure(422, 'Invalid');
    const object = { ...found, ...patch.data, metadata: { ...found.metadata, ...patch.data.metadata } };
    if (!mayBind(store, call, { asked, object })) return failure(403, 'Forbidden');
    return { status: 200, body: store.put(keyOf(asked), asked.namespace, object) };
  },
  delete(store, call, asked) {
    const found = store.get(keyOf(asked), asked.namespace, asked.name);
    if (!found) return failure(404, 'NotFound');
    if (call.text !== '' && !isPrecondition(bodyOf(call, 'application/json'), found))
      return failure(409, 'Conflict');
    store.delete(keyOf(asked), asked.namespace, asked.name);
    return { status: 200, body: { kind: 'Status', apiVersion: 'v1', status: 'Success' } };
  },
};

const DeleteOptions = z.strictObject({
  apiVersion: z.string(),
  kind: z.literal('DeleteOptions'),
  preconditions: z.strictObject({ uid: z.string() }),
});

const isPrecondition = (options: unknown, found: Stored): boolean =>
  DeleteOptions.safeParse(options).data?.preconditions.uid === found.metadata.uid;

const RBAC = 'rbac.authorization.k8s.io';
const RoleRef = z.looseObject({
  roleRef: z.strictObject({
    apiGroup: z.literal(RBAC),
    kind: z.enum(['Role', 'ClusterRole']),
    name: z.string(),
  }),
});

/**
 * Nobody gives what they may not give. Stricter than Kubernetes, where whoever has every right of a role may bind it too, and
 * roles may be written by whoever has what they give.
 */
const mayBind = (
  store: ObjectStore,
  { asker }: Call,
  { asked, object }: { asked: Attributes; object: object },
): boolean => {
  if (asked.group !== RBAC || asker.isMaster) return true;
  const binding = RoleRef.safeParse(object).data;
  if (!binding) return false;
  const { kind, name } = binding.roleRef;
  const resource = kind === 'Role' ? 'roles' : 'clusterroles';
  return isAllowed(store, asker, { ...asked, verb: 'bind', resource, name });
};

const Attribute = z.string().default('');
const ReviewBody = z.strictObject({
  apiVersion: z.literal('authorization.k8s.io/v1'),
  kind: z.literal('LocalSubjectAccessReview'),
  metadata: z.strictObject({ namespace: z.string() }),
  spec: z.strictObject({
    user: z.string().min(1),
    resourceAttributes: z.strictObject({
      namespace: z.string(),
      verb: z.string(),
      group: Attribute,
      resource: z.string(),
      subresource: Attribute,
      name: Attribute,
    }),
  }),
});

/** By the user's name alone: what everybody has is not what a binding gave. */
const review = (store: ObjectStore, call: Call, { resource, namespace, verb }: Attributes): Answer => {
  if (resource !== 'localsubjectaccessreviews' || verb !== 'create') return failure(404, 'NotFound');
  const body = ReviewBody.safeParse(bodyOf(call, 'application/json')).data;
  if (!body || body.spec.resourceAttributes.namespace !== namespace) return failure(422, 'Invalid');
  const { subresource, ...attributes } = body.spec.resourceAttributes;
  const asked =
    subresource === '' ? attributes : { ...attributes, resource: `${attributes.resource}/${subresource}` };
  const allowed = isAllowed(store, { user: body.spec.user, groups: [], isMaster: false }, asked);
  return { status: 201, body: { ...body, status: { allowed } } };
};

/** Whatever was put into the pod's annotation of that name. */
const log = (store: ObjectStore, { namespace, name }: Attributes): Answer => {
  const pod = store.get('/pods', namespace, name);
  if (!pod) return failure(404, 'NotFound');
  const { annotations } = z
    .looseObject({ annotations: z.record(z.string(), z.string()).default({}) })
    .parse(pod.metadata);
  return { status: 200, body: annotations['example.com/log'] ?? '' };
};
