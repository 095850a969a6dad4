import { DependencyUnavailable } from '../../app/ports.ts';
import { TemplateLeaks } from '../../app/ports-of-targets.ts';
import type { EksProfile } from '../../core/config/target-addresses.ts';
import { bindingName, emptyBinding, stateOfBinding, subjectOf } from '../../core/eks/binding.ts';
import type { RoleBinding } from '../../core/eks/kubernetes-objects.ts';
import { KUBERNETES_ATTEMPTS_MAX } from '../../core/eks/limits.ts';
import { leaksOf } from '../../core/eks/role-leaks.ts';
import { createBinding, deleteBinding, fillBinding, readBinding, readRole } from './cluster.ts';
import type { KubernetesApi } from './kubernetes-api.ts';

export interface OpenBindingAsk {
  readonly grantId: string;
  readonly profile: EksProfile;
  readonly isStillWanted: () => Promise<boolean>;
}

/** Under the name of a grant's binding there is something that we did not make: nothing of it is used. */
export class ForeignBinding extends Error {
  override readonly name = 'ForeignBinding';
}

/** The role of a profile is not there. */
export class RoleAbsent extends Error {
  override readonly name = 'RoleAbsent';
}

/**
 * Binds a grant's user to its role, in two steps that leave no gap. First a binding is made that gives nobody anything; then it is asked
 * whether the grant is still wanted; then that very binding is filled. An end that was written before is seen; one that
 * comes later finds the binding and deletes it, and whoever was about to fill it has nothing left to fill.
 */
export const openBinding = async (
  api: KubernetesApi,
  ask: OpenBindingAsk,
): Promise<'opened' | 'unwanted'> => {
  await refuseLeaks(api, ask.profile);
  for (let attempt = 0; attempt < KUBERNETES_ATTEMPTS_MAX; attempt += 1) {
    const binding = await makeOrFind(api, ask);
    if (!binding) continue;
    const state = stateOfBinding(binding, ask.grantId, ask.profile);
    if (state === 'foreign') throw new ForeignBinding('a binding of this name is not as we make them');
    if (!(await ask.isStillWanted())) {
      await takeAway(api, binding);
      return 'unwanted';
    }
    if (state === 'whole' || (await fillBinding(api, binding, subjectOf(ask.grantId)))) return 'opened';
  }
  throw new DependencyUnavailable('target', new Error('the binding kept changing'));
};

/** A grant gives no more than what can be ended with it. */
const refuseLeaks = async (api: KubernetesApi, profile: EksProfile): Promise<void> => {
  const role = await readRole(api, profile);
  if (!role) throw new RoleAbsent('the role of the profile is not there');
  const leaks = leaksOf(role, profile);
  if (leaks.length > 0) throw new TemplateLeaks(`the role of the profile gives: ${leaks.join(', ')}`);
};

/** Undefined: it was there and has gone meanwhile. */
const makeOrFind = async (
  api: KubernetesApi,
  { grantId, profile }: OpenBindingAsk,
): Promise<RoleBinding | undefined> =>
  (await createBinding(api, emptyBinding(grantId, profile))) ??
  (await readBinding(api, profile.namespace, bindingName(grantId)));

const takeAway = async (api: KubernetesApi, { metadata }: RoleBinding): Promise<void> => {
  const { namespace = '', name, uid } = metadata;
  await deleteBinding(api, { namespace, name, uid });
};
