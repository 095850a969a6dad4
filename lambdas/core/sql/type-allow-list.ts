/**
 * PostgreSQL's own types that hold values. Not listed: `reg…` types, which look names up in the catalogue, `xml`, types
 * of the server's inside (`oid`, `xid`, `pg_lsn`, `pg_snapshot` …), and whatever a database defines for itself, since a
 * domain's check or a type's input function can run anything.
 */
export const ALLOWED_TYPES: ReadonlySet<string> = new Set([
  ...[
    'bool',
    'boolean',
    'int2',
    'int4',
    'int8',
    'smallint',
    'int',
    'integer',
    'bigint',
    'numeric',
    'decimal',
  ],
  ...['float4', 'float8', 'real', 'money', 'text', 'varchar', 'bpchar', 'char', 'name', 'bytea', 'uuid'],
  ...['date', 'time', 'timetz', 'timestamp', 'timestamptz', 'interval', 'json', 'jsonb', 'jsonpath'],
  ...['bit', 'varbit', 'inet', 'cidr', 'macaddr', 'macaddr8', 'tsvector', 'tsquery'],
  ...['point', 'line', 'lseg', 'box', 'path', 'polygon', 'circle', 'record'],
  ...['int4range', 'int8range', 'numrange', 'daterange', 'tsrange', 'tstzrange'],
  ...[
    'int4multirange',
    'int8multirange',
    'nummultirange',
    'datemultirange',
    'tsmultirange',
    'tstzmultirange',
  ],
  // What an array of a type is called in the catalogue.
  ...['_bool', '_int2', '_int4', '_int8', '_numeric', '_float4', '_float8', '_text', '_varchar', '_bpchar'],
  ...['_uuid', '_date', '_timestamp', '_timestamptz', '_interval', '_json', '_jsonb'],
]);

/** Not types: `CREATE TABLE` makes a sequence of its own for them. */
export const SERIAL_TYPES: ReadonlySet<string> = new Set([
  ...['serial', 'serial2', 'serial4', 'serial8', 'smallserial', 'bigserial'],
]);

const COLLATIONS: ReadonlySet<string> = new Set([
  ...['C', 'POSIX', 'default', 'ucs_basic', 'unicode', 'pg_c_utf8', 'pg_unicode_fast', 'C.UTF-8', 'C.utf8'],
  ...['en_US', 'en_US.utf8', 'en_US.UTF-8', 'de_DE.utf8', 'fr_FR.utf8'],
]);

/** Collations that every server has, among them ICU's, whose names end alike. */
export const isAllowedCollation = (name: string): boolean => COLLATIONS.has(name) || name.endsWith('-x-icu');

/** For indexes: the ways of ordering that are not a type's default. */
export const ALLOWED_OPERATOR_CLASSES: ReadonlySet<string> = new Set([
  ...[
    'text_ops',
    'text_pattern_ops',
    'varchar_pattern_ops',
    'bpchar_pattern_ops',
    'jsonb_ops',
    'jsonb_path_ops',
  ],
  ...[
    'int4_ops',
    'int8_ops',
    'date_ops',
    'timestamptz_ops',
    'uuid_ops',
    'array_ops',
    'inet_ops',
    'range_ops',
  ],
]);

export const ALLOWED_INDEX_METHODS: ReadonlySet<string> = new Set([
  ...['btree', 'hash', 'gin', 'gist', 'brin', 'spgist'],
]);

/** Settings that say how values are written, and nothing about the server or other people. */
export const ALLOWED_SETTINGS: ReadonlySet<string> = new Set([
  ...['server_version', 'server_version_num', 'server_encoding', 'client_encoding', 'timezone', 'datestyle'],
  ...['intervalstyle', 'standard_conforming_strings', 'integer_datetimes', 'extra_float_digits'],
  ...['transaction_isolation', 'transaction_read_only'],
]);
