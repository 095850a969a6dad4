import * as z from 'zod';

interface PlanNode {
  readonly 'Node Type': string;
  readonly 'Plan Rows': number;
  readonly 'Parent Relationship'?: string | undefined;
  readonly Plans?: readonly PlanNode[] | undefined;
}

const PLAN_NODE: z.ZodType<PlanNode> = z.object({
  'Node Type': z.string(),
  'Plan Rows': z.number(),
  'Parent Relationship': z.string().optional(),
  get Plans() {
    return z.array(PLAN_NODE).optional();
  },
});

/** A rule can make several plans of one statement. */
const PLANS = z.array(z.object({ Plan: PLAN_NODE.optional() }));

/**
 * Rows that a statement returns or changes, of `EXPLAIN (FORMAT JSON)`. A node that changes rows promises none itself
 * unless it returns them, so the rows that come to it are counted. Undefined where nothing is planned.
 */
export const estimateRows = (explained: unknown): number | undefined => {
  const plans = PLANS.parse(explained).flatMap(({ Plan }) => (Plan ? [Plan] : []));
  if (plans.length === 0) return undefined;
  const changed = plans.flatMap(changingNodes);
  return changed.length > 0 ? sum(changed.flatMap(incoming)) : sum(plans);
};

const changingNodes = (node: PlanNode): readonly PlanNode[] => [
  ...(node['Node Type'] === 'ModifyTable' ? [node] : []),
  ...(node.Plans ?? []).flatMap(changingNodes),
];

/** Other children are subqueries that are computed on the side. */
const incoming = ({ Plans = [] }: PlanNode): readonly PlanNode[] =>
  Plans.filter((child) => ['Outer', 'Member'].includes(child['Parent Relationship'] ?? ''));

const sum = (nodes: readonly PlanNode[]): number => nodes.reduce((rows, node) => rows + node['Plan Rows'], 0);
