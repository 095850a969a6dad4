import { RESOURCE_ACTIONS } from '../config/resource.ts';
import type { ContainmentAction, PersonAction } from './question.ts';

/** The action that asks whether somebody may see a category of values as they are. */
export const UNMASK = 'unmask';

/** Actions of people on the requests of others. Only humans can have them: a machine that approves is no second pair of eyes. */
export const PERSON_ACTIONS: readonly PersonAction[] = [
  'approve',
  'approve_by_button',
  'break_glass',
  'review',
  'revoke',
];

/** Actions of people on what all requests share: each stops, or lets go on, what somebody may do. */
export const CONTAINMENT_ACTIONS: readonly ContainmentAction[] = ['contain', 'lift'];

/**
 * The Cedar schema, in Cedar's own syntax. Environments are enumerated, so that a policy for one that does not exist
 * is refused; groups are not, since tokens bring groups that configuration has never heard of.
 */
export const generateSchema = (environments: readonly string[], categories: readonly string[]): string =>
  `entity Group;
entity Env enum [${environments.map(quote).join(', ')}];
entity Category enum [${categories.map(quote).join(', ')}];
entity Everything enum ["everything"];
entity Agent in [Group];
entity Workload in [Group];
entity Human in [Group];
entity Resource in [Env];

type Used = {
  "runs": Long,
  "rows": Long,
  "bytes": Long,
  "failures": Long,
};

type Run = {
  "class": String,
  "verb": String,
  "bounded": Bool,
  "tables": Set<String>,
  "columns": Set<String>,
  "functions": Set<String>,
  "estimatedRows"?: Long,
  "usedByTask": Used,
  "usedByPrincipal": Used,
};

type AccessContext = {
  "durationSeconds": Long,
  "approvals": Long,
  "approverGroups": Set<Group>,
  "profile"?: String,
  "run"?: Run,
};

action ${RESOURCE_ACTIONS.map(quote).join(', ')} appliesTo {
  principal: [Agent, Workload, Human],
  resource: [Resource],
  context: AccessContext,
};

action ${quote(UNMASK)} appliesTo {
  principal: [Agent, Workload, Human],
  resource: [Resource],
  context: { "category": Category },
};

action ${PERSON_ACTIONS.map(quote).join(', ')} appliesTo {
  principal: [Human],
  resource: [Resource],
  context: { "requested": String, "durationSeconds": Long, "waitedSeconds": Long },
};

action ${CONTAINMENT_ACTIONS.map(quote).join(', ')} appliesTo {
  principal: [Human],
  resource: [Everything, Resource, Agent, Workload, Human],
  context: { "scope": String },
};
`;

/** What is quoted here are ids of a plain shape and action names of ours; for those, JSON's quoting is Cedar's. */
const quote = (text: string): string => JSON.stringify(text);
