import { RESOURCE_ACTIONS } from '../config/resource.ts';

/**
 * The Cedar schema, in Cedar's own syntax. Environments are enumerated, so that a policy for one that does not exist
 * is refused; groups are not, since tokens bring groups that configuration has never heard of.
 */
export const generateSchema = (environments: readonly string[]): string =>
  `entity Group;
entity Env enum [${environments.map(quote).join(', ')}];
entity Agent in [Group];
entity Workload in [Group];
entity Human in [Group];
entity Resource in [Env];

type AccessContext = {
  "durationSeconds": Long,
  "approvals": Long,
  "approverGroups": Set<Group>,
};

action ${RESOURCE_ACTIONS.map(quote).join(', ')} appliesTo {
  principal: [Agent, Workload, Human],
  resource: [Resource],
  context: AccessContext,
};
`;

/** What is quoted here are ids of a plain shape and action names of ours; for those, JSON's quoting is Cedar's. */
const quote = (text: string): string => JSON.stringify(text);
