import { DependencyUnavailable } from '../../app/ports.ts';
import { type CloseAsk, type CloseReport, type Target, TemplateLeaks } from '../../app/ports-of-targets.ts';
import type { EksResource } from '../../core/config/resource.ts';
import type { EksProfile } from '../../core/config/target-addresses.ts';
import { grantsOfBinding } from '../../core/eks/binding.ts';
import { leaksOf } from '../../core/eks/role-leaks.ts';
import type { EpochMs } from '../../core/time.ts';
import { takeSteps } from '../ending-steps.ts';
import { closeBinding } from './close-binding.ts';
import { listBindings, readRole } from './cluster.ts';
import { ClusterRefusal, inCluster, type KubernetesApi } from './kubernetes-api.ts';
import { openBinding } from './open-binding.ts';
import type { SignInOwn } from './own-eks-token.ts';

export interface EksTools {
  readonly signInOwn: SignInOwn;
  readonly clock: () => EpochMs;
  /** How the calls of one piece of work get there. */
  readonly reach?: typeof inCluster;
}

/** The port `Target` on a cluster that `docs/targets/eks.yaml` has prepared. */
export const eksTarget = ({ reach = inCluster, ...tools }: EksTools): Target<EksResource> => ({
  async open({ resource, grant, isStillWanted }) {
    const profile = profileOf(resource, grant.profile);
    // What is not configured any more is not given; nothing was made for it yet.
    if (!profile) throw new TemplateLeaks('the profile is not there any more');
    const ask = { grantId: grant.id, profile, isStillWanted };
    return reach({ resource, ...tools }, (api) => openBinding(api, ask));
  },
  async close(ask) {
    const profiles = profilesToEnd(ask);
    if (!profiles) return { dead: false, steps: [], error: 'profile:removed_from_configuration' };
    return endIn(ask, profiles, { reach, ...tools });
  },
  inventory: (resource) =>
    reach({ resource, ...tools }, async (api) => {
      const lists = await Promise.all(
        namespacesOf(resource).map((namespace) => listBindings(api, namespace)),
      );
      return [...new Set(lists.flat().flatMap(grantsOfBinding))];
    }),
  outgrown: (resource) =>
    reach({ resource, ...tools }, async (api) => {
      const found = Object.values(resource.target.profiles).map((profile) => boundToLeaks(api, profile));
      return [...new Set((await Promise.all(found)).flat())];
    }),
});

/** Of a role that somebody has changed since: whoever is bound to it has what no grant may give. */
const boundToLeaks = async (api: KubernetesApi, profile: EksProfile): Promise<readonly string[]> => {
  const role = await readRole(api, profile);
  if (!role || leaksOf(role, profile).length === 0) return [];
  const bindings = await listBindings(api, profile.namespace);
  return bindings
    .filter(({ roleRef }) => roleRef.kind === profile.role.kind && roleRef.name === profile.role.name)
    .flatMap(grantsOfBinding);
};

const endIn = async (
  { resource, grantId, since }: CloseAsk<EksResource>,
  profiles: readonly EksProfile[],
  { reach, signInOwn, clock }: Required<EksTools>,
): Promise<CloseReport> => {
  const asked = { grantId, profiles, namespaces: namespacesOf(resource) };
  const codeOf = (error: unknown) => (error instanceof ClusterRefusal ? error.code : undefined);
  try {
    return await reach({ resource, signInOwn }, (api) =>
      takeSteps({ since, clock, codeOf }, (take) => closeBinding(api, asked, take)),
    );
  } catch (error) {
    if (!(error instanceof DependencyUnavailable)) throw error;
    return { dead: false, steps: [], error: 'connect:unavailable' };
  }
};

const profileOf = ({ target }: EksResource, name: string | undefined): EksProfile | undefined =>
  name !== undefined && Object.hasOwn(target.profiles, name) ? target.profiles[name] : undefined;

/** Undefined: nobody can tell any more where it was bound. */
const profilesToEnd = ({ resource, grant }: CloseAsk<EksResource>): readonly EksProfile[] | undefined => {
  if (!grant) return Object.values(resource.target.profiles);
  const profile = profileOf(resource, grant.profile);
  return profile && [profile];
};

const namespacesOf = ({ target }: EksResource): readonly string[] => [
  ...new Set(Object.values(target.profiles).map(({ namespace }) => namespace)),
];
