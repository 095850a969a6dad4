import { setTimeout as pause } from 'node:timers/promises';
import type { EksProfile } from '../../core/config/target-addresses.ts';
import { type Right, rightsToAskAbout } from '../../core/eks/access-reviews.ts';
import { bindingName, grantsOfBinding, isOnlyOf } from '../../core/eks/binding.ts';
import {
  KUBERNETES_ATTEMPTS_MAX,
  KUBERNETES_POLL_MS,
  KUBERNETES_REVIEW_WAIT_MS,
  KUBERNETES_REVIEWS_AT_ONCE,
} from '../../core/eks/limits.ts';
import { clusterUser } from '../../core/grant/ids.ts';
import { NotDead, type TakeStep } from '../ending-steps.ts';
import { deleteBinding, listBindings, mayUser, readRole } from './cluster.ts';
import type { KubernetesApi } from './kubernetes-api.ts';

export interface CloseBindingAsk {
  readonly grantId: string;
  /** Those that the grant may have been given: of an orphan, all of the resource. */
  readonly profiles: readonly EksProfile[];
  /** Every namespace of the resource: a binding that was copied elsewhere is found there. */
  readonly namespaces: readonly string[];
}

/**
 * Ends what a grant has in a cluster: its binding first, then every other one that names its user, then proof by the cluster's own
 * decisions. Each step can be repeated.
 */
export const closeBinding = async (
  api: KubernetesApi,
  ask: CloseBindingAsk,
  take: TakeStep,
): Promise<void> => {
  await take('unbind', () => unbind(api, ask));
  await take('strays', () => removeStrays(api, ask));
  await take('probe', () => proveRefused(api, ask));
};

const unbind = async (api: KubernetesApi, { grantId, namespaces }: CloseBindingAsk): Promise<string> => {
  const name = bindingName(grantId);
  const deleted = await Promise.all(namespaces.map((namespace) => deleteBinding(api, { namespace, name })));
  return deleted.includes(true) ? 'done' : 'absent';
};

/** Read from the store and not from a cache: what is not in these lists is not there. */
const removeStrays = async (
  api: KubernetesApi,
  { grantId, namespaces }: CloseBindingAsk,
): Promise<string> => {
  let removed = 0;
  for (let attempt = 0; attempt < KUBERNETES_ATTEMPTS_MAX; attempt += 1) {
    const lists = await Promise.all(namespaces.map((namespace) => listBindings(api, namespace)));
    const strays = lists.flat().filter((binding) => grantsOfBinding(binding).includes(grantId));
    if (strays.length === 0) return removed === 0 ? 'none' : `removed_${removed}`;
    if (!strays.every((binding) => isOnlyOf(grantId, binding))) throw new NotDead('named_with_others');
    for (const { metadata } of strays) {
      const { namespace = '', name, uid } = metadata;
      if (await deleteBinding(api, { namespace, name, uid })) removed += 1;
    }
  }
  throw new NotDead('still_there');
};

interface Question {
  readonly namespace: string;
  readonly right: Right;
}

/** An API server decides by what it has heard of its store so far, so a yes is asked again for a while. */
const proveRefused = async (api: KubernetesApi, ask: CloseBindingAsk): Promise<string> => {
  const until = performance.now() + KUBERNETES_REVIEW_WAIT_MS;
  const user = clusterUser(ask.grantId);
  let open = await questionsOf(api, ask);
  for (;;) {
    const answers = await askInTurns(open, ({ namespace, right }) =>
      mayUser(api, { namespace, user }, right),
    );
    if (answers.includes('unknown')) throw new NotDead('unknown');
    open = open.filter((_, at) => answers[at] === true);
    if (open.length === 0) return 'refused';
    if (performance.now() > until) throw new NotDead('got_in');
    await pause(KUBERNETES_POLL_MS);
  }
};

const questionsOf = async (api: KubernetesApi, { profiles }: CloseBindingAsk): Promise<Question[]> => {
  const roles = await Promise.all(profiles.map((profile) => readRole(api, profile)));
  return profiles.flatMap(({ namespace }, at) =>
    rightsToAskAbout(roles[at]?.rules ?? []).map((right) => ({ namespace, right })),
  );
};

const askInTurns = async <T, A>(all: readonly T[], ask: (one: T) => Promise<A>): Promise<A[]> => {
  const answers: A[] = [];
  for (let at = 0; at < all.length; at += KUBERNETES_REVIEWS_AT_ONCE)
    answers.push(...(await Promise.all(all.slice(at, at + KUBERNETES_REVIEWS_AT_ONCE).map(ask))));
  return answers;
};
