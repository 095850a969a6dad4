/** Names separated by white space: the lists stay readable, and a line that changes says which name changed. */
const names = (text: string): readonly string[] => text.trim().split(/\s+/);

/**
 * PostgreSQL's own functions that only compute. Not listed, and so refused, is whatever waits, locks, signals, notifies,
 * sets or shows settings, draws from sequences, reads or writes files, describes the catalogue, or runs SQL that it is
 * given as a string (`query_to_xml`, `ts_stat`, `ts_rewrite`, `dblink` …). A test asks a real server about every name:
 * each exists there, and none is volatile but those that draw chance or read the clock.
 */
const AGGREGATES = names(`
  any_value array_agg avg bit_and bit_or bit_xor bool_and bool_or corr count covar_pop covar_samp every
  json_agg json_agg_strict json_object_agg json_object_agg_strict json_object_agg_unique json_object_agg_unique_strict
  jsonb_agg jsonb_agg_strict jsonb_object_agg jsonb_object_agg_strict jsonb_object_agg_unique
  jsonb_object_agg_unique_strict max min mode percentile_cont percentile_disc range_agg range_intersect_agg
  regr_avgx regr_avgy regr_count regr_intercept regr_r2 regr_slope regr_sxx regr_sxy regr_syy
  stddev stddev_pop stddev_samp string_agg sum var_pop var_samp variance`);

const WINDOWS = names(`
  cume_dist dense_rank first_value lag last_value lead nth_value ntile percent_rank rank row_number`);

const NUMBERS = names(`
  abs acos acosd acosh asin asind asinh atan atan2 atan2d atand atanh bit_count cbrt ceil ceiling cos cosd cosh cot cotd
  degrees div erf erfc exp factorial floor gamma gcd lcm lgamma ln log log10 min_scale mod numeric pi pow power radians
  random random_normal round scale sign sin sind sinh sqrt tan tand tanh trim_scale trunc width_bucket
  float4 float8 int2 int4 int8`);

const TEXTS = names(`
  ascii bit_length btrim casefold char_length character_length chr concat concat_ws convert_from convert_to decode encode
  format initcap is_normalized left length like_escape lower lpad ltrim md5 normalize octet_length overlay parse_ident
  position quote_ident quote_literal quote_nullable regexp_count regexp_instr regexp_like regexp_match regexp_matches
  regexp_replace regexp_split_to_array regexp_split_to_table regexp_substr repeat replace reverse right rpad rtrim
  similar_to_escape split_part starts_with string_to_array string_to_table strpos substr substring text to_ascii to_bin
  to_hex to_oct translate unicode_assigned unistr upper
  get_bit get_byte set_bit set_byte crc32 crc32c sha224 sha256 sha384 sha512`);

const TIMES = names(`
  age clock_timestamp date date_add date_bin date_part date_subtract date_trunc extract interval isfinite justify_days
  justify_hours justify_interval make_date make_interval make_time make_timestamp make_timestamptz now overlaps
  statement_timestamp time timestamp timestamptz timetz timezone to_char to_date to_number to_timestamp
  transaction_timestamp`);

const ARRAYS = names(`
  array_append array_cat array_dims array_fill array_length array_lower array_ndims array_position array_positions
  array_prepend array_remove array_replace array_reverse array_sample array_shuffle array_sort array_to_string
  array_upper cardinality generate_series generate_subscripts trim_array unnest`);

const JSON_VALUES = names(`
  array_to_json json_array_elements json_array_elements_text json_array_length json_build_array json_build_object
  json_each json_each_text json_extract_path json_extract_path_text json_object json_object_keys json_strip_nulls
  json_to_record json_to_recordset json_typeof jsonb_array_elements jsonb_array_elements_text jsonb_array_length
  jsonb_build_array jsonb_build_object jsonb_concat jsonb_contained jsonb_contains jsonb_delete jsonb_delete_path
  jsonb_each jsonb_each_text jsonb_exists jsonb_exists_all jsonb_exists_any jsonb_extract_path jsonb_extract_path_text
  jsonb_insert jsonb_object jsonb_object_keys jsonb_path_exists jsonb_path_exists_tz jsonb_path_match
  jsonb_path_match_tz jsonb_path_query jsonb_path_query_array jsonb_path_query_array_tz jsonb_path_query_first
  jsonb_path_query_first_tz jsonb_path_query_tz jsonb_pretty jsonb_set jsonb_set_lax jsonb_strip_nulls
  jsonb_to_record jsonb_to_recordset jsonb_typeof row_to_json to_json to_jsonb`);

const RANGES = names(`
  daterange int4range int8range isempty lower_inc lower_inf multirange numrange range_merge tsrange tstzrange upper_inc
  upper_inf datemultirange int4multirange int8multirange nummultirange tsmultirange tstzmultirange`);

const OTHERS = names(`
  abbrev broadcast family host hostmask inet_merge inet_same_family masklen netmask network set_masklen
  area box center circle diagonal diameter height isclosed isopen line lseg npoints path point polygon radius slope width
  gen_random_uuid uuid_extract_timestamp uuid_extract_version uuidv4 uuidv7
  array_to_tsvector numnode phraseto_tsquery plainto_tsquery querytree setweight strip to_tsquery to_tsvector
  ts_delete ts_filter ts_headline ts_rank ts_rank_cd tsquery_phrase tsvector_to_array websearch_to_tsquery
  bool num_nonnulls num_nulls pg_typeof`);

export const ALLOWED_FUNCTIONS: ReadonlySet<string> = new Set([
  ...AGGREGATES,
  ...WINDOWS,
  ...NUMBERS,
  ...TEXTS,
  ...TIMES,
  ...ARRAYS,
  ...JSON_VALUES,
  ...RANGES,
  ...OTHERS,
]);

/** Volatile, and still without an effect that anybody could see afterwards. */
export const CHANCE_AND_CLOCK: ReadonlySet<string> = new Set(
  names(`array_sample array_shuffle clock_timestamp gen_random_uuid random random_normal uuidv4 uuidv7`),
);
