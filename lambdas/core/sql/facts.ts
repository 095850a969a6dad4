import type { RelationName, StatementRefusal } from './statement.ts';
import type { StatementKind } from './statement-kinds.ts';

/** The fields of one node. */
export type Fields = Readonly<Record<string, unknown>>;

/** What the walk collects on its way. Only the walk writes to it. */
export interface Facts {
  readonly kind: StatementKind;
  readonly relations: Map<string, RelationName>;
  readonly columns: Set<string>;
  readonly functions: Set<string>;
  readonly operators: Set<string>;
  /** Values of constants, by the byte at which they stand in the text. */
  readonly constants: Map<number, string>;
  parameterCount: number;
}

export const noFacts = (kind: StatementKind): Facts => ({
  kind,
  relations: new Map(),
  columns: new Set(),
  functions: new Set(),
  operators: new Set(),
  constants: new Map(),
  parameterCount: 0,
});

export const forbidden = (part: string, reason: string): StatementRefusal => ({
  code: 'statement_forbidden',
  part,
  reason,
});

export const isFields = (value: unknown): value is Fields =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

export const listOf = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : []);

/** The fields of a node when it is of this type. */
export const fieldsOf = (node: unknown, type: string): Fields | undefined => {
  const fields = isFields(node) ? node[type] : undefined;
  return isFields(fields) ? fields : undefined;
};

/** A name as PostgreSQL lists its parts; a star is `*`. */
export const nameOf = (list: unknown): readonly string[] =>
  listOf(list).map((part) => {
    const text = fieldsOf(part, 'String')?.sval;
    return typeof text === 'string' ? text : '*';
  });

/** The bare name of something that is PostgreSQL's own as far as its name says; undefined when another schema is named. */
export const ownName = (list: unknown): string | undefined => {
  const [first, second, ...more] = nameOf(list);
  if (more.length > 0) return undefined;
  return second === undefined ? first : first === 'pg_catalog' ? second : undefined;
};
