import * as z from 'zod';
import { NAME_MAX_CHARACTERS, RUN_EXAMPLE_NAMES_MAX_COUNT } from '../limits.ts';

const Name = z.string().min(1).max(NAME_MAX_CHARACTERS);
const Names = z.array(Name).max(RUN_EXAMPLE_NAMES_MAX_COUNT);

/** What `run` says in an example: the statement that somebody has in mind. All but the class has a default. */
export const RunSection = z.strictObject({
  class: z.enum(['read', 'write', 'ddl']),
  verb: Name.optional(),
  bounded: z.boolean().optional(),
  /** A table without its schema would be one that no statement ever names, and a forbid on it seem to hold. */
  tables: z
    .array(Name.includes('.', { error: 'must name tables with their schema, such as public.orders.' }))
    .max(RUN_EXAMPLE_NAMES_MAX_COUNT)
    .optional(),
  columns: Names.optional(),
  functions: Names.optional(),
  estimatedRows: z.int().min(0).optional(),
});

export type RunExample = z.infer<typeof RunSection>;
