import type { PolicySource } from '../config/compiled.ts';
import type { FileError } from '../config/config-files.ts';
import { RESOURCE_ACTIONS } from '../config/resource.ts';
import type { PolicyConfig } from './engine.ts';
import { createEngine } from './engine.ts';
import { anyResourceIn, probeQuestions } from './guard-rail-probes.ts';
import { askWith } from './quorum.ts';
import { type Guarded, isRail } from './rail-form.ts';

export const GUARD_RAILS_FILE = 'guard-rails.cedar';
/** What can change something there, or leaves Latchkey. Reads are masked and recorded one by one. */
const GUARDED_ACTIONS = RESOURCE_ACTIONS.filter((action) => action !== 'postgres:read');

/** A bare `permit` is unattended access, so what stands between it and production must be there. */
export const missingGuardRails = (policies: readonly PolicySource[]): readonly FileError[] =>
  policies.some(({ file }) => file === GUARD_RAILS_FILE)
    ? []
    : [
        {
          file: `policies/${GUARD_RAILS_FILE}`,
          path: '',
          message:
            'The guard rails are missing: put the file back, or set "guardRails": "removed" in the settings of the deployment, cdk.json.',
        },
      ];

/**
 * A name alone guards nothing. Nobody may reach a guarded environment without an approval, by a grant or by a run under
 * one, and nobody may write anywhere without naming rows: a rail must say so in a form that holds for every request. As a
 * second net they are tried too, with everything else permitted. Stricter guard rails pass.
 */
export const weakGuardRails = (
  config: PolicyConfig,
  {
    environments,
    guarded,
  }: { readonly environments: readonly string[]; readonly guarded: readonly string[] },
): readonly FileError[] => {
  const rails = config.policies.filter(({ file }) => file === GUARD_RAILS_FILE);
  const resources = [...config.resources, ...environments.map(anyResourceIn)];
  const letsThrough = openTo({ ...config, resources }, rails);
  const kept: readonly Guarded[] = [
    ...guarded.flatMap((environment) => GUARDED_ACTIONS.map((action) => ({ action, environment }))),
    ...environments.map((environment) => ({
      ...({ action: 'postgres:write', environment, only: 'unbounded' } as const),
    })),
  ];
  return kept.flatMap((one) => {
    const isTold = rails.some((rail) => isRail(rail, one));
    if (letsThrough(one)) return [weak(one, 'let')];
    return isTold ? [] : [weak(one, 'may let')];
  });
};

const openTo = (config: PolicyConfig, rails: readonly PolicySource[]): ((guarded: Guarded) => boolean) => {
  const { ask } = createEngine({ ...config, policies: [PERMIT_EVERYTHING, ...rails] });
  return (guarded) =>
    probeQuestions(config, rails, guarded).some(
      (question) => askWith(ask, question, { approvals: 0, approverGroups: [] }).allowed,
    );
};

const ONLY_PEOPLE = 'Only `context.approvals >= n` may lift it, and nothing else beside it with `||`.';

/** `may let`: nobody was found whom they let through, and their form does not rule it out. */
const weak = ({ action, environment, only }: Guarded, way: 'let' | 'may let'): FileError => ({
  file: `policies/${GUARD_RAILS_FILE}`,
  path: '',
  message: only
    ? `The guard rails ${way} a write that names no rows through in ${environment} without an approval: have a policy \`forbid (principal, action == Action::"${action}", resource) when { context has run && !context.run.bounded };\`. ${ONLY_PEOPLE}`
    : `The guard rails ${way} \`${action}\` into ${environment} without an approval: have a policy \`forbid (principal, action == Action::"${action}", resource in Env::"${environment}") unless { context.approvals >= 1 };\`. ${ONLY_PEOPLE} An environment that needs none is named under "unguarded" in resources.yaml.`,
});

/** For this probe alone: in `config/` a permit that names no action is refused. */
const PERMIT_EVERYTHING: PolicySource = {
  id: 'permit everything',
  reason: undefined,
  file: '',
  text: 'permit(principal, action, resource);',
};
