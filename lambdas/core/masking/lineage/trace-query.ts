import type { SyntaxNode } from '../../sql/statement.ts';
import type { Lineage } from './lineage.ts';
import { changed, isSame, NOTHING } from './lineage.ts';
import type { Column, Outputs, Scope } from './scope.ts';
import { everything, renamed, unknownOutputs } from './scope.ts';
import type { Body } from './syntax.ts';
import { bodyIn, bodyOf, kindOf, listIn, namesIn, nodeOf, textIn } from './syntax.ts';
import { traceDecision } from './trace-expression.ts';
import { bothArms, traceSelect } from './trace-select.ts';
import { traceDelete, traceInsert, traceMerge, traceUpdate } from './trace-write.ts';
import type { Tracing } from './tracing.ts';
import { descend, refuseIfCarried } from './tracing.ts';

/** What a query, or a write with RETURNING, answers: of whatever kind, wherever it stands. */
export const traceQuery = (tracing: Tracing, node: SyntaxNode, scope: Scope): Outputs =>
  descend(tracing, () => traceAny(tracing, node, scope), unknownOutputs(tracing.reach.all));

const traceAny = (tracing: Tracing, node: SyntaxNode, scope: Scope): Outputs => {
  const body = bodyOf(node);
  const inside = withQueries(tracing, bodyIn(body, 'withClause'), scope);
  const trace = QUERIES.get(kindOf(node));
  if (trace) return trace(tracing, body, inside);
  traceDecision(tracing, body, inside);
  return unknownOutputs(tracing.reach.all);
};

const QUERIES: ReadonlyMap<string, (tracing: Tracing, body: Body, scope: Scope) => Outputs> = new Map([
  ['SelectStmt', traceSelect],
  ['InsertStmt', traceInsert],
  ['UpdateStmt', traceUpdate],
  ['DeleteStmt', traceDelete],
  ['MergeStmt', traceMerge],
]);

/** Common table expressions see those before them; recursive ones also each other, of which then nothing is known. */
const withQueries = (tracing: Tracing, clause: Body | undefined, scope: Scope): Scope => {
  if (!clause) return scope;
  const expressions = listIn(clause, 'ctes').map(bodyOf);
  const isRecursive = clause.recursive === true;
  const later = isRecursive
    ? expressions.map((body) => [nameOfQuery(body), unknownOutputs(tracing.reach.all)] as const)
    : [];
  const queries = new Map([...scope.queries, ...later]);
  for (const body of expressions) {
    const trace = isRecursive ? recursiveOutputs : plainOutputs;
    const outputs = trace(tracing, body, { ...scope, queries: new Map(queries) });
    queries.set(nameOfQuery(body), withSearchAndCycle(tracing, body, outputs));
  }
  return { ...scope, queries };
};

const nameOfQuery = (body: Body): string => textIn(body, 'ctename') ?? '';

const plainOutputs = (tracing: Tracing, body: Body, scope: Scope): Outputs => {
  const query = body.ctequery;
  const outputs = tracing.query(tracing, nodeOf(kindOf(query), bodyOf(query)), scope);
  return renamed(outputs, namesIn(body, 'aliascolnames'));
};

/**
 * Starts from the first arm and goes round until nothing is added. A round may refuse more, never less, so what a round
 * refuses stands. Masked columns only ever join, so it ends.
 */
const recursiveOutputs = (tracing: Tracing, body: Body, scope: Scope): Outputs => {
  const query = bodyOf(body.ctequery);
  if (query.op !== 'SETOP_UNION') return plainOutputs(tracing, body, scope);
  const first = tracing.query(
    tracing,
    { SelectStmt: bodyIn(query, 'larg') ?? {} },
    withInner(tracing, query, scope),
  );
  let outputs = renamed(first, namesIn(body, 'aliascolnames'));
  while (tracing.stepsLeft > 0) {
    const queries = new Map([
      ...scope.queries,
      [nameOfQuery(body), withSearchAndCycle(tracing, body, outputs)],
    ]);
    const next = bothArms(outputs, plainOutputs(tracing, body, { ...scope, queries }));
    if (isUnchanged(outputs, next)) return next;
    outputs = next;
  }
  return unknownOutputs(tracing.reach.all);
};

/** A WITH of the union itself is seen by its first arm too. */
const withInner = (tracing: Tracing, query: Body, scope: Scope): Scope =>
  withQueries(tracing, bodyIn(query, 'withClause'), scope);

const isUnchanged = (a: Outputs, b: Outputs): boolean =>
  a.isWide === b.isWide &&
  a.columns.length === b.columns.length &&
  a.columns.every(({ lineage }, at) => isSame(lineage, b.columns[at]?.lineage ?? NOTHING)) &&
  isSame(a.rest ?? NOTHING, b.rest ?? NOTHING);

/** `SEARCH` sorts and `CYCLE` compares; the columns that they add hold rows. */
const withSearchAndCycle = (tracing: Tracing, body: Body, outputs: Outputs): Outputs => {
  const [search, cycle] = [bodyIn(body, 'search_clause'), bodyIn(body, 'cycle_clause')];
  if ((!search && !cycle) || outputs.isWide) return outputs;
  const row: Lineage = changed(everything(outputs));
  refuseIfCarried(tracing, row);
  const added = [search?.search_seq_column, cycle?.cycle_mark_column, cycle?.cycle_path_column];
  const columns: readonly Column[] = added.flatMap((name) =>
    typeof name === 'string' ? { name, lineage: row } : [],
  );
  return { ...outputs, columns: [...outputs.columns, ...columns] };
};
