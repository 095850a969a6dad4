import { LINEAGE_DEPTH_MAX } from '../../limits.ts';
import type { SyntaxNode } from '../../sql/statement.ts';
import type { Lineage } from './lineage.ts';
import { isSafe } from './lineage.ts';
import type { Reach } from './reach.ts';
import type { Outputs, Scope } from './scope.ts';

/** Why a statement is refused for what its answer, or its failure, would tell about a masked column. */
export interface LineageRefusal {
  readonly code: 'sensitive_predicate' | 'sensitive_copy';
  /** `schema.table.column`. */
  readonly column: string;
  /** One sentence for the caller, on what to do instead. */
  readonly reason: string;
}

/** What one walk through a statement shares: refusals are collected, and the first is the answer. */
export interface Tracing {
  readonly reach: Reach;
  readonly refusals: LineageRefusal[];
  /** Nested deeper or wider than any real statement: counted, and nothing is decided beyond the limits. */
  stepsLeft: number;
  depth: number;
  /** A query of any kind inside another; `queries` are the common table expressions that it sees. */
  readonly query: (tracing: Tracing, node: SyntaxNode, scope: Scope) => Outputs;
}

/** Goes one level down, unless the statement is beyond the limits; then nothing more of it is looked at. */
export const descend = <T>(tracing: Tracing, look: () => T, beyond: T): T => {
  tracing.stepsLeft -= 1;
  if (tracing.depth >= LINEAGE_DEPTH_MAX) tracing.stepsLeft = -1;
  if (tracing.stepsLeft < 0) return beyond;
  tracing.depth += 1;
  const found = look();
  tracing.depth -= 1;
  return found;
};

const USED_AS: Readonly<Record<LineageRefusal['code'], (column: string) => string>> = {
  sensitive_predicate: (column) =>
    `${column} is masked, so it can be shown but not compared, computed with, sorted, grouped or joined by: select it as it is, then group or join by the masked values in your own code.`,
  sensitive_copy: (column) =>
    `${column} is masked, so it cannot be copied or built upon: leave it out, or ask for a policy that unmasks it.`,
};

/** Refuses when the value carries a masked column; whoever uses it goes on as if it did not. */
export const refuseIfCarried = (
  tracing: Tracing,
  lineage: Lineage,
  code: LineageRefusal['code'] = 'sensitive_predicate',
): void => {
  if (isSafe(lineage)) return;
  const column = [...lineage.carries].toSorted()[0] ?? '';
  tracing.refusals.push({ code, column, reason: USED_AS[code](column) });
};
