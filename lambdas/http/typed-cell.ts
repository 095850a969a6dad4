/** PostgreSQL's own type numbers, which never change, by the names that people use. */
const TYPE_NAMES: Readonly<Record<number, string>> = {
  16: 'boolean',
  17: 'bytea',
  18: 'char',
  19: 'name',
  20: 'bigint',
  21: 'smallint',
  23: 'integer',
  25: 'text',
  26: 'oid',
  114: 'json',
  700: 'real',
  701: 'double precision',
  1042: 'character',
  1043: 'character varying',
  1082: 'date',
  1083: 'time',
  1114: 'timestamp',
  1184: 'timestamp with time zone',
  1186: 'interval',
  1700: 'numeric',
  2950: 'uuid',
  3802: 'jsonb',
};

export const typeName = (typeOid: number): string => TYPE_NAMES[typeOid] ?? `oid ${typeOid}`;

/** Types whose every value a JSON number holds exactly. Whole numbers of 64 bits and decimals stay text. */
const NUMBERS: ReadonlySet<number> = new Set([21, 23, 26, 700, 701]);
const NUMBER = /^-?\d+(\.\d+)?([eE][+-]?\d+)?$/;

/** A value in PostgreSQL's text format → JSON. A mask, `NaN` and `Infinity` stay the text they are. */
export const typedCell = (cell: string | null, typeOid: number): string | number | boolean | null => {
  if (cell === null) return null;
  if (typeOid === 16 && (cell === 't' || cell === 'f')) return cell === 't';
  return NUMBERS.has(typeOid) && NUMBER.test(cell) ? Number(cell) : cell;
};
