import * as z from 'zod';
import { CATEGORY_MAX_CHARACTERS, KEEP_LAST_MAX_CHARACTERS, SENSITIVE_COLUMNS_MAX_COUNT } from '../limits.ts';
import type { SensitiveColumn } from '../masking/mask.ts';
import type { ConfigError } from './config-error.ts';

const Mask = z.union(
  [z.enum(['redact', 'token']), z.strictObject({ keepLast: z.int().min(1).max(KEEP_LAST_MAX_CHARACTERS) })],
  { error: 'must be redact, token, or { keepLast: 4 }.' },
);

const SensitiveSection = z.strictObject({
  column: z.string().regex(/^[a-z_][a-z0-9_]*\.[a-z_][a-z0-9_]*\.[a-z_][a-z0-9_]*$/, {
    error: 'must be a column as schema.table.column, such as public.customers.email.',
  }),
  category: z
    .string()
    .max(CATEGORY_MAX_CHARACTERS)
    .regex(/^[a-z][a-z0-9]*(_[a-z0-9]+)*$/, {
      error: 'must be lower-case words with underscores, such as email or birth_date.',
    }),
  mask: Mask.default('redact'),
});

/** The list `sensitive` of a resource in `resources.yaml`. */
export const SensitiveList = z.array(SensitiveSection).max(SENSITIVE_COLUMNS_MAX_COUNT).default([]);

type SensitiveList = z.output<typeof SensitiveList>;

export const toSensitive = (list: SensitiveList): readonly SensitiveColumn[] =>
  list.map(({ column, category, mask }) => {
    const [schema = '', table = '', name = ''] = column.split('.');
    return { schema, table, column: name, category, form: formOf(mask) };
  });

const formOf = (mask: SensitiveList[number]['mask']): SensitiveColumn['form'] =>
  typeof mask === 'string' ? { kind: mask } : { kind: 'keep_last', count: mask.keepLast };

/** A column that is there twice would be masked by one line while people read the other. */
export const sensitiveMistakes = (list: SensitiveList): readonly ConfigError[] =>
  list.flatMap(({ column }, index) => {
    const first = list.findIndex((other) => other.column === column);
    return first === index
      ? []
      : [
          {
            path: `sensitive[${index}].column`,
            message: `"column" is there already, in sensitive[${first}].`,
          },
        ];
  });
