import type { SyntaxNode } from '../../sql/statement.ts';

/** The inside of a node, or of a field whose type the tree leaves out: fields at their default are not there. */
export type Body = Readonly<Record<string, unknown>>;

const EMPTY: Body = {};

export const isBody = (value: unknown): value is Body =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** A node's type, such as `ColumnRef`; empty for what is no node, such as the mark of a plain DISTINCT. */
export const kindOf = (node: unknown): string => {
  if (!isBody(node)) return '';
  const [kind, more] = Object.keys(node);
  return kind !== undefined && more === undefined && /^[A-Z]/.test(kind) ? kind : '';
};

export const bodyOf = (node: unknown): Body => {
  const body = isBody(node) ? node[kindOf(node)] : undefined;
  return isBody(body) ? body : EMPTY;
};

export const listIn = (body: Body, field: string): readonly unknown[] => {
  const list = body[field];
  return Array.isArray(list) ? list : [];
};

export const bodyIn = (body: Body, field: string): Body | undefined => {
  const value = body[field];
  return isBody(value) ? value : undefined;
};

export const textIn = (body: Body, field: string): string | undefined => {
  const value = body[field];
  return typeof value === 'string' ? value : undefined;
};

/** Of a `String` node: one part of a name. */
export const nameOf = (node: unknown): string | undefined => textIn(bodyOf(node), 'sval');

export const namesIn = (body: Body, field: string): readonly string[] =>
  listIn(body, field).map((node) => nameOf(node) ?? '');

/** Every node directly below, wherever untyped fields and lists may hold it. */
export const childrenOf = (body: Body): readonly unknown[] => Object.values(body).flatMap(nodesIn);

const nodesIn = (value: unknown): readonly unknown[] => {
  if (Array.isArray(value)) return value.flatMap(nodesIn);
  if (!isBody(value)) return [];
  return kindOf(value) === '' ? childrenOf(value) : [value];
};

/** The place in the list of outputs that `ORDER BY 2` means. */
export const ordinalOf = (node: unknown): number | undefined => {
  const value = bodyIn(bodyOf(node), 'ival')?.ival;
  return kindOf(node) === 'A_Const' && typeof value === 'number' ? value : undefined;
};

export const nodeOf = (kind: string, body: Body): SyntaxNode => ({ [kind]: body });
