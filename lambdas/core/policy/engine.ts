import { createHash } from 'node:crypto';
import type { CheckParseAnswer, StatefulAuthorizationCall } from '@cedar-policy/cedar-wasm/nodejs';
import { preparsePolicySet, preparseSchema, statefulIsAuthorized } from '@cedar-policy/cedar-wasm/nodejs';
import type { CompiledConfig } from '../config/compiled.ts';
import type { Resource } from '../config/resource.ts';
import type { DeterminingPolicy } from '../failure.ts';
import { principalEntity } from './principal-entity.ts';
import type {
  AccessQuestion,
  AskContainment,
  AskPerson,
  AskPolicy,
  AskUnmask,
  ContainmentQuestion,
  PolicyAnswer,
} from './question.ts';
import { UNMASK } from './schema.ts';

/** What the engine needs of the configuration: policies and the facts they are about. */
export interface PolicyConfig extends Pick<CompiledConfig, 'policies' | 'schema' | 'principals'> {
  readonly resources: readonly Pick<Resource, 'id' | 'env'>[];
}

/**
 * Parses once; what comes back answers in well under a millisecond. Throws when Cedar cannot read the policies, which
 * compiled configuration rules out. Whatever goes wrong while answering is a no.
 */
export const createEngine = (config: PolicyConfig): PolicyEngine => {
  const name = preparse(config);
  const reasons = new Map(config.policies.map(({ id, reason }) => [id, reason]));
  const environments = new Map(config.resources.map(({ id, env }) => [id, env]));
  const determining = (ids: readonly string[]): readonly DeterminingPolicy[] =>
    [...ids].sort().map((id) => ({ id, reason: reasons.get(id) }));
  const decide = ({ resource, ...question }: AskedOfResource): PolicyAnswer => {
    const environment = environments.get(resource);
    return environment === undefined ? NO : decideOn(question, resourceEntity(resource, environment));
  };
  const decideOn = (question: Asked, target: Entity): PolicyAnswer => {
    const principal = principalEntity(question.principal, config.principals);
    const answer = statefulIsAuthorized({
      ...callFor(question, { principal, target }),
      preparsedPolicySetId: name,
      preparsedSchemaName: name,
    });
    if (answer.type === 'failure') return NO;
    const { decision, diagnostics } = answer.response;
    // Cedar skips a policy that fails to evaluate; a forbid that was skipped has not said yes.
    if (diagnostics.errors.length > 0)
      return {
        allowed: false,
        determinedBy: determining(diagnostics.errors.map(({ policyId }) => policyId)),
      };
    return { allowed: decision === 'allow', determinedBy: determining(diagnostics.reason) };
  };
  return {
    ask: (question) => decide({ ...question, context: accessContext(question.context) }),
    askUnmask: ({ category, ...question }) =>
      decide({ ...question, action: UNMASK, context: { category: entity('Category', category) } }),
    // Cedar's own check of the request would refuse others too; here it is said.
    askPerson: (question) =>
      question.principal.type === 'human' ? decide({ ...question, context: { ...question.context } }) : NO,
    askContainment({ stopped, ...question }) {
      if (question.principal.type !== 'human') return NO;
      const context = { scope: stopped.scope };
      if (stopped.scope === 'resource') return decide({ ...question, resource: stopped.resource, context });
      return decideOn({ ...question, context }, stoppedEntity(stopped, config));
    },
  };
};

/** The questions that policies answer. */
export interface PolicyEngine {
  readonly ask: AskPolicy;
  readonly askPerson: AskPerson;
  readonly askUnmask: AskUnmask;
  readonly askContainment: AskContainment;
}

type Asked = Pick<AccessQuestion, 'principal' | 'groups' | 'action'> &
  Pick<StatefulAuthorizationCall, 'context'>;
type AskedOfResource = Asked & Pick<AccessQuestion, 'resource'>;

type Entity = StatefulAuthorizationCall['entities'][number] & {
  readonly uid: { readonly type: string; readonly id: string };
};

const resourceEntity = (id: string, environment: string): Entity => ({
  uid: { type: 'Resource', id },
  attrs: {},
  parents: [{ type: 'Env', id: environment }],
});

const stoppedEntity = (
  stopped: Exclude<ContainmentQuestion['stopped'], { scope: 'resource' }>,
  { principals }: Pick<PolicyConfig, 'principals'>,
): Entity =>
  stopped.scope === 'everything'
    ? { uid: { type: 'Everything', id: 'everything' }, attrs: {}, parents: [] }
    : {
        uid: principalEntity(stopped.holder, principals),
        attrs: {},
        parents: stopped.holderGroups.map((id) => ({ type: 'Group', id })),
      };

const entity = (type: string, id: string) => ({ __entity: { type, id } });

const accessContext = ({ run, ...context }: AccessQuestion['context']): Asked['context'] => ({
  durationSeconds: context.durationSeconds,
  approvals: context.approvals,
  approverGroups: context.approverGroups.map((id) => entity('Group', id)),
  ...(context.profile === undefined ? {} : { profile: context.profile }),
  ...(run
    ? {
        run: {
          ...run,
          tables: [...run.tables],
          columns: [...run.columns],
          functions: [...run.functions],
          usedByTask: { ...run.usedByTask },
          usedByPrincipal: { ...run.usedByPrincipal },
        },
      }
    : {}),
});

const NO: PolicyAnswer = { allowed: false, determinedBy: [] };

/** Cedar keeps what it parsed under a name, for the life of the process; one made of the content is never mixed up. */
const preparse = ({ policies, schema }: PolicyConfig): string => {
  const staticPolicies = Object.fromEntries(policies.map(({ id, text }) => [id, text]));
  const name = createHash('sha256')
    .update(JSON.stringify([schema, staticPolicies]))
    .digest('hex');
  assertParsed(preparseSchema(name, schema));
  assertParsed(preparsePolicySet(name, { staticPolicies }));
  return name;
};

const assertParsed = (answer: CheckParseAnswer): void => {
  if (answer.type === 'failure')
    throw new Error(`policies do not parse: ${answer.errors.map(({ message }) => message).join('; ')}`);
};

const callFor = (
  { groups, action, context }: Asked,
  facts: { readonly principal: { readonly type: string; readonly id: string }; readonly target: Entity },
): Omit<StatefulAuthorizationCall, 'preparsedPolicySetId' | 'preparsedSchemaName'> => ({
  principal: facts.principal,
  action: { type: 'Action', id: action },
  resource: facts.target.uid,
  context,
  entities: [
    { uid: facts.principal, attrs: {}, parents: groups.map((id) => ({ type: 'Group', id })) },
    facts.target,
  ],
  validateRequest: true,
});
