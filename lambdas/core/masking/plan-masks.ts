import { LINEAGE_STEPS_MAX } from '../limits.ts';
import type { Result } from '../result.ts';
import { fail, ok } from '../result.ts';
import type { Catalogue, ResultField } from '../sql/catalogue.ts';
import type { Statement, SyntaxNode } from '../sql/statement.ts';
import type { Lineage } from './lineage/lineage.ts';
import { isSafe } from './lineage/lineage.ts';
import type { Reach } from './lineage/reach.ts';
import { reachOf } from './lineage/reach.ts';
import type { Outputs } from './lineage/scope.ts';
import { everything, unknownOutputs } from './lineage/scope.ts';
import { bodyOf, kindOf, nodeOf } from './lineage/syntax.ts';
import { traceDefinition } from './lineage/trace-ddl.ts';
import { traceQuery } from './lineage/trace-query.ts';
import { EMPTY_SCOPE } from './lineage/trace-write.ts';
import type { LineageRefusal, Tracing } from './lineage/tracing.ts';
import { refuseIfCarried } from './lineage/tracing.ts';
import type { MaskForm, SensitiveColumn } from './mask.ts';

/** What becomes of one column of the answer. `undecided` is masked whole; `pass` still meets the content detectors. */
export type ColumnPlan =
  | { readonly kind: 'pass' }
  | { readonly kind: 'sensitive'; readonly category: string; readonly form: MaskForm }
  | { readonly kind: 'undecided' };

export interface MaskAsk {
  readonly statement: Pick<Statement, 'tree' | 'class'>;
  readonly catalogue: Catalogue;
  readonly fields: readonly ResultField[];
  readonly sensitive: readonly SensitiveColumn[];
  /** Categories that policy unmasks for this caller. */
  readonly unmasked: ReadonlySet<string>;
}

const PASS: ColumnPlan = { kind: 'pass' };
const UNDECIDED: ColumnPlan = { kind: 'undecided' };

/**
 * One plan for each field, in order; or why the statement would tell of a masked column by other ways than its answer.
 * The tree decides, the origins in `RowDescription` are asked as a second witness, and where the two differ nothing is shown.
 */
export const planMasks = (ask: MaskAsk): Result<readonly ColumnPlan[], LineageRefusal> => {
  const reach = reachOf(ask);
  if (reach.masked.size === 0) return ok(ask.fields.map(() => PASS));
  const tracing: Tracing = { reach, refusals: [], stepsLeft: LINEAGE_STEPS_MAX, depth: 0, query: traceQuery };
  const outputs = traceStatement(tracing, ask.statement);
  if (tracing.stepsLeft < 0) refuseIfCarried(tracing, reach.anything);
  const [refusal] = tracing.refusals;
  if (refusal) return fail(refusal);
  return ok(outputs === 'plan' ? ask.fields.map(() => PASS) : plansOf(reach, outputs, ask.fields));
};

/** `plan`: the lines of an EXPLAIN, which hold nothing of a row. */
const traceStatement = (tracing: Tracing, { tree, class: of }: MaskAsk['statement']): Outputs | 'plan' => {
  if (kindOf(tree) === 'ExplainStmt') {
    const query = bodyOf(tree).query;
    const inner = nodeOf(kindOf(query), bodyOf(query));
    traceStatement(tracing, { tree: inner, class: isQuery(inner) ? 'read' : 'ddl' });
    return 'plan';
  }
  if (of !== 'ddl') return traceQuery(tracing, tree, EMPTY_SCOPE);
  traceDefinition(tracing, tree);
  return unknownOutputs(tracing.reach.all);
};

const QUERIES: readonly string[] = ['SelectStmt', 'InsertStmt', 'UpdateStmt', 'DeleteStmt', 'MergeStmt'];

const isQuery = (tree: SyntaxNode): boolean => QUERIES.includes(kindOf(tree));

const plansOf = (reach: Reach, outputs: Outputs, fields: readonly ResultField[]): readonly ColumnPlan[] => {
  const lineages = fields.map((_, at) => outputs.columns[at]?.lineage ?? outputs.rest);
  const origins = fields.map(({ tableOid, columnNumber }) => reach.origin(tableOid, columnNumber));
  const isDoubtful =
    (!outputs.rest && outputs.columns.length !== fields.length) ||
    fields.some((field, at) => contradicts(lineages[at], field));
  const isReached = !isSafe(reach.all) || !isSafe(everything(outputs));
  return fields.map((_, at) => {
    const lineage = lineages[at];
    const origin = origins[at];
    if (isDoubtful || !lineage || origin === 'unknown') return isReached ? UNDECIDED : PASS;
    return stricter(planOf(reach, lineage), origin ? planOf(reach, origin) : PASS);
  });
};

const contradicts = (lineage: Lineage | undefined, field: ResultField): boolean => {
  const exact = lineage?.exact;
  if (!exact || field.tableOid === 0) return false;
  return exact.tableOid !== field.tableOid || exact.number !== field.columnNumber;
};

const planOf = (reach: Reach, { exact, carries }: Lineage): ColumnPlan => {
  if (carries.size === 0) return PASS;
  const column = exact ? reach.masked.get(exact.key) : undefined;
  return column ? { kind: 'sensitive', category: column.category, form: column.form } : UNDECIDED;
};

const stricter = (a: ColumnPlan, b: ColumnPlan): ColumnPlan => {
  if (a.kind === 'undecided' || b.kind === 'undecided') return UNDECIDED;
  return a.kind === 'sensitive' ? a : b;
};
