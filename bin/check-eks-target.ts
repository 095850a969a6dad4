import { mayUser, readRole } from '../lambdas/adapters/eks/cluster.ts';
import { ClusterRefusal, inCluster, type KubernetesApi } from '../lambdas/adapters/eks/kubernetes-api.ts';
import type { SignInOwn } from '../lambdas/adapters/eks/own-eks-token.ts';
import { DependencyUnavailable } from '../lambdas/app/ports.ts';
import type { EksResource } from '../lambdas/core/config/resource.ts';
import type { EksProfile } from '../lambdas/core/config/target-addresses.ts';
import type { Right } from '../lambdas/core/eks/access-reviews.ts';
import { RBAC_GROUP } from '../lambdas/core/eks/binding.ts';
import { leaksOf, type RoleLeak } from '../lambdas/core/eks/role-leaks.ts';
import { CLUSTER_ADMINISTRATOR as ADMIN } from '../lib/eks-access-entries.ts';
import { Mistakes } from './mistakes.ts';
import { check, type TargetCheck } from './target-check.ts';

const APPLY = 'Apply parts 1 and 2 of docs/targets/eks.yaml.';

/**
 * Asks a cluster whether grants can be made, and ended, as promised. With the caller's own identity of AWS, which needs no more than the
 * administrator has: to read the roles and to ask what somebody may do. Throws `Mistakes` when it cannot ask.
 */
export const checkEksTarget = async (
  resource: EksResource,
  signInOwn: SignInOwn,
): Promise<readonly TargetCheck[]> => {
  const profiles = Object.entries(resource.target.profiles);
  const namespaces = new Set(profiles.map(([, { namespace }]) => namespace));
  const ask = async (api: KubernetesApi) => {
    const checks: TargetCheck[] = [];
    for (const namespace of namespaces) checks.push(...(await checkAdministrator(api, namespace)));
    for (const [name, profile] of profiles) checks.push(...(await checkProfile(api, name, profile)));
    return checks;
  };
  return inCluster({ resource, signInOwn }, ask).catch((error: unknown) => {
    const message = mendOf(error);
    throw message === undefined ? error : new Mistakes([{ file: resource.id, path: '', message }]);
  });
};

const mendOf = (error: unknown): string | undefined => {
  if (error instanceof DependencyUnavailable)
    return 'The cluster cannot be reached from here, or does not prove itself with the certificate in tls.ca.';
  if (!(error instanceof ClusterRefusal)) return undefined;
  return error.status === 401
    ? 'The cluster does not know your identity: sign in to AWS as somebody who has an access entry.'
    : `The cluster refused (${error.code}): you need to read the roles and to make LocalSubjectAccessReviews.`;
};

const right = (group: string, resource: string, verb: string, name?: string): Right => {
  const [plural = '', subresource = ''] = resource.split('/');
  return { group, resource: plural, subresource, verb, name };
};

const BINDS = ['get', 'list', 'create', 'patch', 'delete'].map((verb) =>
  right(RBAC_GROUP, 'rolebindings', verb),
);
const PROVES = [right('authorization.k8s.io', 'localsubjectaccessreviews', 'create')];
/** What would make it more than an administrator of grants. */
const BEYOND = [
  right('', 'secrets', 'get'),
  right('', 'pods', 'create'),
  right('', 'pods/exec', 'create'),
  right(RBAC_GROUP, 'roles', 'create'),
  right(RBAC_GROUP, 'roles', 'escalate'),
  right(RBAC_GROUP, 'clusterroles', 'bind', 'cluster-admin'),
];

const checkAdministrator = async (api: KubernetesApi, namespace: string): Promise<readonly TargetCheck[]> => {
  const may = (rights: readonly Right[]) =>
    Promise.all(rights.map((one) => mayUser(api, { namespace, user: ADMIN }, one)));
  const [binds, proves, beyond] = [await may(BINDS), await may(PROVES), await may(BEYOND)];
  return [
    check(`${ADMIN} makes and deletes bindings in ${namespace}`, binds.every(isYes), APPLY),
    check(`${ADMIN} may ask what somebody may do in ${namespace}`, proves.every(isYes), APPLY),
    check(
      `${ADMIN} can do nothing else in ${namespace}`,
      beyond.every((answer) => answer === false),
      `Take every other role and access policy away from ${ADMIN}: it may read secrets, run things or give any right.`,
    ),
  ];
};

const isYes = (answer: boolean | 'unknown'): boolean => answer === true;

const checkProfile = async (
  api: KubernetesApi,
  name: string,
  profile: EksProfile,
): Promise<readonly TargetCheck[]> => {
  const { namespace, role } = profile;
  const plural = role.kind === 'Role' ? 'roles' : 'clusterroles';
  const bind = right(RBAC_GROUP, plural, 'bind', role.name);
  const found = await readRole(api, profile).catch(hidden);
  const leaks = typeof found === 'object' ? leaksOf(found, profile) : [];
  return [
    check(
      `${ADMIN} may bind ${role.kind} ${role.name}`,
      (await mayUser(api, { namespace, user: ADMIN }, bind)) === true,
      `Name ${role.name} under resourceNames in part 2 of docs/targets/eks.yaml, and apply it.`,
    ),
    check(
      `the role of ${name} gives nothing that outlives a grant`,
      typeof found === 'object' && leaks.length === 0,
      found === 'hidden'
        ? `You may not read it: ask somebody who may, or add it under resourceNames.`
        : leaks.map((leak) => LEAK_WORDS[leak]).join(' ') || APPLY,
    ),
  ];
};

const hidden = (error: unknown): 'hidden' => {
  if (error instanceof ClusterRefusal && error.status === 403) return 'hidden';
  throw error;
};

const LEAK_WORDS: Readonly<Record<RoleLeak, string>> = {
  aggregated: 'It is aggregated: write its rules out.',
  wildcard: 'It has a *: name what is meant.',
  verb: 'It has a verb beside get, list, create, update, patch, delete and deletecollection.',
  stream: 'It gives watch, or logs without mayFollowLogs in resources.yaml.',
  subresource: 'It gives a subresource such as exec, portforward or proxy.',
  secrets: 'It gives secrets.',
  rights: 'It changes roles, bindings, service accounts or namespaces.',
  writes: 'It makes or changes what runs on without the grant.',
  urls: 'It gives URLs that are no resources.',
};
