import { createHash } from 'node:crypto';
import { escapeIdentifier } from 'pg';
import type { Catalogue, CatalogueRelation } from '../../core/sql/catalogue.ts';
import type { RelationName, Statement } from '../../core/sql/statement.ts';
import { READ_DEFINITIONS } from './definitions-query.ts';
import { heldBy, madeOf } from './made-of.ts';
import type { RunSession } from './run-session.ts';

export interface Definitions {
  readonly catalogue: Catalogue;
  /** Functions of PostgreSQL and of extensions that views call by name. */
  readonly viewFunctions: readonly string[];
  /** A function that a view calls and that is neither PostgreSQL's own nor an extension's. */
  readonly stranger: string | undefined;
  /** Changes too when a definition was replaced and put back. Means nothing outside the transaction. */
  readonly stamp: string;
}

/** One relation that the statement names or that its views, policies and, for a write, its partitions lead to. */
export interface ReachedRelation {
  readonly labels: readonly string[] | null;
  readonly oid: number;
  readonly schema: string;
  readonly name: string;
  readonly relkind: string;
  readonly is_partition: boolean;
  /** `bases`: the columns that a generated one is computed from. */
  readonly columns: readonly ReachedColumn[];
  /** Itself, and what it inherits from or what inherits from it: their columns of one name hold the same values. */
  readonly kin: readonly { readonly schema: string; readonly name: string }[];
  /** Relations and columns that a view's query names; number 0 is the relation as such. */
  readonly sources: readonly { readonly oid: number; readonly number: number }[];
  /** A view's query takes whole rows of something, so any column may be in it. */
  readonly takes_rows: boolean;
  /** All that the digest is made of, in a fixed order. */
  readonly definition: unknown;
}

export interface ReachedColumn {
  readonly name: string;
  readonly number: number;
  readonly bases: readonly string[];
}

interface Row {
  readonly relations: readonly ReachedRelation[];
  readonly functions: unknown;
  readonly stamps: unknown;
  readonly view_functions: readonly string[];
  readonly stranger: string | null;
}

/**
 * What a statement depends on, as the database has it now. Names are looked up as PostgreSQL looks them up for the
 * statement itself. Not seen: what a function calls, as PostgreSQL keeps no record of what is in its text.
 */
export const readDefinitions = async (session: RunSession, statement: Statement): Promise<Definitions> => {
  const labels = statement.relations.map(quoted);
  const [row] = await session.ask<{ found: Row }>(READ_DEFINITIONS, [labels, statement.class !== 'read']);
  if (!row) throw new Error('the catalogue query answered nothing');
  const { relations, functions, stamps, view_functions: viewFunctions, stranger } = row.found;
  const digest = sha256([relations.map(({ definition }) => definition), functions]);
  return {
    catalogue: { relations: byName(statement.relations, relations), digest },
    viewFunctions,
    stranger: stranger === null ? undefined : `function ${stranger}`,
    stamp: sha256(stamps),
  };
};

const quoted = ({ schema, name }: RelationName): string =>
  schema === undefined ? escapeIdentifier(name) : `${escapeIdentifier(schema)}.${escapeIdentifier(name)}`;

const sha256 = (value: unknown): string => createHash('sha256').update(JSON.stringify(value)).digest('hex');

const byName = (
  names: readonly RelationName[],
  reached: readonly ReachedRelation[],
): ReadonlyMap<string, CatalogueRelation> => {
  const all = new Map(reached.map((relation) => [relation.oid, relation]));
  const found = new Map<string, CatalogueRelation>();
  for (const relationName of names) {
    const relation = reached.find(({ labels }) => labels?.includes(quoted(relationName)));
    if (relation) found.set(asWritten(relationName), catalogueRelation(relation, all));
  }
  return found;
};

const asWritten = ({ schema, name }: RelationName): string =>
  schema === undefined ? name : `${schema}.${name}`;

const catalogueRelation = (
  relation: ReachedRelation,
  all: ReadonlyMap<number, ReachedRelation>,
): CatalogueRelation => {
  const { schema, name, oid } = relation;
  const columns = relation.columns.map((column) => ({
    name: column.name,
    number: column.number,
    madeOf: heldBy(relation, column),
  }));
  return { schema, name, oid, kind: kindOf(relation), columns, madeOf: madeOf(relation, all) };
};

const KINDS: Readonly<Record<string, CatalogueRelation['kind']>> = {
  r: 'table',
  p: 'table',
  v: 'view',
  m: 'materialized view',
  f: 'foreign table',
};

const kindOf = ({ relkind, is_partition }: ReachedRelation): CatalogueRelation['kind'] => {
  const kind = KINDS[relkind];
  if (kind === undefined) throw new Error(`a relation of kind ${relkind} was reached`);
  return is_partition && kind === 'table' ? 'partition' : kind;
};
