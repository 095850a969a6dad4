import { createRequire } from 'node:module';
import type { Catalogue } from '../../lambdas/core/sql/catalogue.ts';
import type { Statement, StatementClass, SyntaxNode } from '../../lambdas/core/sql/statement.ts';

interface Parser {
  loadModule(): Promise<void>;
  parseSync(sql: string): { readonly stmts: readonly { readonly stmt: SyntaxNode }[] };
}

const parser: Parser = createRequire(import.meta.url)('libpg-query');

/** Before the first statement is parsed. */
export const loadStatements = (): Promise<void> => parser.loadModule();

const CLASSES: Readonly<Record<string, StatementClass>> = {
  ...{ SelectStmt: 'read', ExplainStmt: 'read' },
  ...{ InsertStmt: 'write', UpdateStmt: 'write', DeleteStmt: 'write', MergeStmt: 'write' },
};

/** What masking reads of a statement; nothing is checked. */
export const parseStatement = (sql: string): Pick<Statement, 'tree' | 'class'> => {
  const tree = parser.parseSync(sql).stmts[0]?.stmt ?? {};
  return { tree, class: CLASSES[Object.keys(tree)[0] ?? ''] ?? 'ddl' };
};

/** The part of a catalogue that a statement names: what is in reach depends on it. */
export const namedBy = (catalogue: Catalogue, statement: Pick<Statement, 'tree'>): Catalogue => {
  const names = new Set(relationNames(statement.tree));
  return { ...catalogue, relations: new Map([...catalogue.relations].filter(([name]) => names.has(name))) };
};

const relationNames = (value: unknown): readonly string[] => {
  if (Array.isArray(value)) return value.flatMap(relationNames);
  if (typeof value !== 'object' || value === null) return [];
  const own =
    'relname' in value
      ? ['schemaname' in value ? `${value.schemaname}.${value.relname}` : `${value.relname}`]
      : [];
  return [...own, ...Object.values(value).flatMap(relationNames)];
};
