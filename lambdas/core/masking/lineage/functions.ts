/**
 * Functions that may be applied to a masked column: they cannot fail for some values of it and not for others, nor name
 * the value in an error. The numbers are those of the arguments, from 0, that may carry one; `all` is every argument.
 * What they answer carries it on, except where `TELLS_NOTHING` says otherwise.
 */
export const MAY_CARRY: ReadonlyMap<string, 'all' | readonly number[]> = new Map<
  string,
  'all' | readonly number[]
>([
  ...all('concat', 'concat_ws', 'json_build_array', 'jsonb_build_array', 'replace', 'translate'),
  ...all('btrim', 'ltrim', 'rtrim', 'string_agg'),
  ...only([0, 2], 'lag', 'lead'),
  ...only([0], 'lower', 'upper', 'initcap', 'length', 'char_length', 'character_length', 'octet_length'),
  ...only([0], 'bit_length', 'reverse', 'left', 'right', 'substring', 'substr', 'lpad', 'rpad', 'overlay'),
  ...only([0], 'encode', 'md5', 'sha224', 'sha256', 'sha384', 'sha512', 'to_json', 'to_jsonb', 'row_to_json'),
  ...only(
    [0],
    'array_agg',
    'json_agg',
    'jsonb_agg',
    'json_agg_strict',
    'jsonb_agg_strict',
    'array_to_string',
  ),
  ...only([0], 'count', 'min', 'max', 'sum', 'avg', 'any_value', 'first_value', 'last_value', 'nth_value'),
  ...only([0], 'quote_literal', 'quote_nullable', 'quote_ident', 'array_to_json', 'split_part', 'ascii'),
  ...only([0], 'round', 'floor', 'ceil', 'ceiling', 'to_char'),
  ...only([1], 'json_object_agg', 'jsonb_object_agg', 'date_trunc', 'date_part', 'extract'),
  ...only([1, 3, 5, 7, 9, 11, 13, 15, 17, 19], 'json_build_object', 'jsonb_build_object'),
  ...only([1, 2, 3, 4, 5, 6, 7, 8, 9], 'format'),
]);

/** How many there are, but nothing of what they are. */
export const TELLS_NOTHING: readonly string[] = ['count'];

/** They run a query, or read a table, that is a text to them: no list of relations names it. */
export const READS_BY_TEXT: readonly string[] = [
  ...['query_to_xml', 'query_to_xmlschema', 'query_to_xml_and_xmlschema', 'cursor_to_xml', 'table_to_xml'],
  ...['table_to_xml_and_xmlschema', 'schema_to_xml', 'schema_to_xml_and_xmlschema', 'database_to_xml'],
  ...['database_to_xml_and_xmlschema', 'ts_stat', 'ts_rewrite', 'dblink', 'lo_get', 'loread', 'crosstab'],
];

/** Casts to these take any value; another's error would name the value. */
export const TEXT_TYPES: readonly string[] = ['text', 'varchar', 'bpchar', 'char', 'name'];

/** Columns of functions in FROM, where `*` needs to know; one without a name is called as its function or alias is. */
export const FUNCTION_COLUMNS: ReadonlyMap<string, readonly (string | undefined)[]> = new Map<
  string,
  readonly (string | undefined)[]
>([
  ...columns(
    [undefined],
    'generate_series',
    'generate_subscripts',
    'string_to_table',
    'regexp_split_to_table',
  ),
  ...columns([undefined], 'regexp_matches', 'json_object_keys', 'jsonb_object_keys', 'unnest', 'now'),
  ...columns(['value'], 'json_array_elements', 'jsonb_array_elements'),
  ...columns(['value'], 'json_array_elements_text', 'jsonb_array_elements_text'),
  ...columns(['key', 'value'], 'json_each', 'jsonb_each', 'json_each_text', 'jsonb_each_text'),
]);

function all(...names: string[]): [string, 'all'][] {
  return names.map((name) => [name, 'all']);
}

function only(places: readonly number[], ...names: string[]): [string, readonly number[]][] {
  return names.map((name) => [name, places]);
}

function columns(
  made: readonly (string | undefined)[],
  ...names: string[]
): [string, readonly (string | undefined)[]][] {
  return names.map((name) => [name, made]);
}
