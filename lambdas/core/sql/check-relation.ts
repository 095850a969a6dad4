import { type Facts, forbidden } from './facts.ts';
import type { StatementRefusal } from './statement.ts';

/** PostgreSQL keeps all schemas that begin with `pg_` for itself, and finds its tables without naming one. */
const isCatalogue = (schema: string | undefined, name: string): boolean =>
  schema === undefined ? name.startsWith('pg_') : schema.startsWith('pg_') || schema === 'information_schema';

/** Notes a table or view, unless it is one of the server's own. */
export const checkRelation = (
  schema: string | undefined,
  name: string,
  { relations }: Facts,
): StatementRefusal | undefined => {
  const shown = schema === undefined ? name : `${schema}.${name}`;
  if (isCatalogue(schema, name))
    return forbidden(
      `relation ${shown}`,
      'The server’s own tables are not given: they show definitions, settings and samples of values.',
    );
  relations.set(JSON.stringify([schema ?? null, name]), { schema, name });
  return undefined;
};
