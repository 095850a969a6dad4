import type { Approval, AskedStatement, Granted } from '../core/approval/approval.ts';
import { isGranted } from '../core/approval/approval.ts';
import { reviewOf } from '../core/approval/approval-life.ts';
import { hasVoted } from '../core/approval/consent.ts';
import type { DecisionRefusal } from '../core/approval/decision-refusal.ts';
import { DECIDING_ACTIONS, isExcluded, mayPerson } from '../core/approval/standing-consent.ts';
import { type Resource, reachOf } from '../core/config/resource.ts';
import type { DeterminingPolicy } from '../core/failure.ts';
import type { Grant } from '../core/grant/grant.ts';
import { principalKey } from '../core/identity/principal.ts';
import type { PersonAction } from '../core/policy/question.ts';
import { fail, ok, type Result } from '../core/result.ts';
import type { EpochMs } from '../core/time.ts';
import { type ApprovalFacts, factsOf, offersNow } from './approval-facts.ts';
import type { DecideDeps } from './decide-approval.ts';
import type { Store } from './ports.ts';
import type { RunAsked } from './run-payload.ts';
import { personOf, type Visitor } from './visitor.ts';

export interface ShowDeps extends DecideDeps {
  readonly store: DecideDeps['store'] & Pick<Store, 'readLastApproved'>;
  /** What gives a grant its rights, as the target is told it. */
  readonly rightsLines: (resource: Resource, grant: Grant) => readonly string[];
}

/** One statement as people see it, whole. */
export interface ShownStatement extends RunAsked {
  readonly maxRows: number;
  readonly about: AskedStatement;
  readonly estimatedRows: number | null;
  readonly used: number;
}

/** `voted`: they have approved already, and may still deny. */
export type WhyNot = 'over' | 'own_request' | 'not_allowed' | 'voted';

/** Everything that somebody needs to decide, and what this person may do. */
export interface ApprovalPage {
  readonly approval: Approval;
  readonly taskName: string;
  readonly resource:
    | {
        readonly id: string;
        readonly description: string;
        readonly env: string;
        readonly reach: string;
        readonly account: string;
        readonly region: string;
      }
    | undefined;
  readonly policies: readonly DeterminingPolicy[];
  /** `exchanged`: what is kept is not what people are asked about, and is not shown. */
  readonly statements: readonly ShownStatement[] | 'erased' | 'exchanged';
  readonly rightsLines: readonly string[];
  readonly sensitive: readonly {
    readonly column: string;
    readonly category: string;
    readonly isMasked: boolean;
  }[];
  readonly previous: { readonly approval: Approval; readonly statements: readonly string[] } | undefined;
  readonly offers: readonly Granted[];
  readonly may: {
    readonly approve: boolean;
    readonly deny: boolean;
    readonly breakGlass: boolean;
    readonly review: boolean;
    /** Why they may not approve; undefined where they may. */
    readonly because: WhyNot | undefined;
  };
}

/**
 * What a person is shown who has signed in. Whoever may neither decide nor review, and did not ask for it, is shown
 * nothing: a link that went astray tells no statement.
 */
export const showApproval = async (
  deps: ShowDeps,
  visitor: Visitor,
  id: string,
): Promise<Result<ApprovalPage, DecisionRefusal>> => {
  const approval = await deps.store.readApproval(id);
  if (!approval) return fail({ code: 'not_found' });
  const now = deps.clock();
  const facts = await factsOf(deps, approval, now);
  const may = mayOf(deps, visitor, { approval, facts, now });
  if (!may) return fail({ code: 'not_allowed' });
  const { resource } = facts;
  return ok({
    approval,
    taskName: facts.task?.name ?? '',
    resource: resource && shownResource(resource),
    policies: approval.askedBy,
    statements: shownOf(approval, facts),
    rightsLines: linesOf(deps, approval, facts),
    sensitive: sensitiveOf(facts),
    previous: await previousOf(deps, approval),
    offers: offersNow(deps, { approval, facts }),
    may,
  });
};

const shownResource = (resource: Resource): ApprovalPage['resource'] => {
  const { id, description, env, target } = resource;
  return { id, description, env, reach: reachOf(resource), account: target.account, region: target.region };
};

interface Looked {
  readonly approval: Approval;
  readonly facts: ApprovalFacts;
  readonly now: EpochMs;
}

/** Undefined for whoever has no business here. */
const mayOf = (
  deps: ShowDeps,
  visitor: Visitor,
  { approval, facts, now }: Looked,
): ApprovalPage['may'] | undefined => {
  const person = personOf(visitor, deps.principals);
  if (!person) return undefined;
  const may = (action: PersonAction) => mayPerson(deps.policy, approval, { person, action, at: now });
  const isOwn = isExcluded(approval, person, deps.principals);
  const [approve, breakGlass, review] = [may('approve'), may('break_glass'), may('review')];
  const decides = DECIDING_ACTIONS.some(may);
  if (!decides && !review && !isOwn) return undefined;
  const isOpen = approval.state === 'pending' && facts.stands && now < approval.asked.approveBy;
  const counts = isOpen && !isOwn;
  const isCast = hasVoted(approval, person);
  return {
    approve: counts && approve && !isCast,
    deny: counts && decides,
    breakGlass: counts && breakGlass,
    review: review && !isOwn && !isCast && reviewOf(approval)?.state === 'open',
    because: whyNot({ isOpen, isOwn, approve, isCast }),
  };
};

const whyNot = (is: {
  readonly isOpen: boolean;
  readonly isOwn: boolean;
  readonly approve: boolean;
  readonly isCast: boolean;
}): WhyNot | undefined => {
  if (!is.isOpen) return 'over';
  if (is.isOwn) return 'own_request';
  if (!is.approve) return 'not_allowed';
  return is.isCast ? 'voted' : undefined;
};

const shownOf = (approval: Approval, { statements }: ApprovalFacts): ApprovalPage['statements'] => {
  if (!statements) return 'erased';
  if (statements === 'exchanged') return statements;
  return statements.flatMap(({ sql, params, maxRows }, index) => {
    const about = approval.asked.statements[index];
    const estimatedRows = approval.found?.estimatedRows[index] ?? null;
    const used = isGranted(approval) ? (approval.uses[index] ?? 0) : 0;
    return about ? [{ sql, params, maxRows, about, estimatedRows, used }] : [];
  });
};

const linesOf = (
  deps: ShowDeps,
  { asked }: Approval,
  { grant, resource }: ApprovalFacts,
): readonly string[] => {
  return asked.subject.kind === 'grant' && grant && resource ? deps.rightsLines(resource, grant) : [];
};

const sensitiveOf = ({ grant, run, resource }: ApprovalFacts): ApprovalPage['sensitive'] => {
  const unmasked: readonly string[] = (run ?? grant)?.unmasked ?? [];
  const seesAll = (thing: Grant | undefined) => thing?.rights === 'connect';
  return (resource?.sensitive ?? []).map(({ schema, table, column, category }) => ({
    column: `${schema}.${table}.${column}`,
    category,
    isMasked: !seesAll(grant) && !unmasked.includes(category),
  }));
};

/** The same caller's last approved request of this kind: what is different now is what to look at. */
const previousOf = async (deps: ShowDeps, approval: Approval): Promise<ApprovalPage['previous']> => {
  const { requester, resource, action } = approval.asked;
  const id = await deps.store.readLastApproved({ principalKey: principalKey(requester), resource, action });
  const previous = id === undefined || id === approval.id ? undefined : await deps.store.readApproval(id);
  if (!previous) return undefined;
  const { statements = [] } = await factsOf(deps, previous, deps.clock());
  const texts = statements === 'exchanged' ? [] : statements.map(({ sql }) => sql);
  return { approval: previous, statements: texts };
};
