/** How the walk treats one field of a node: other nodes (one or a list), a structure of a known type, or a plain value. */
export type Field = 'nodes' | 'plain' | { readonly structure: string };

/**
 * Every type of node that a statement may hold, with every field that it may have; a type or field that is not here is
 * refused, whoever thought of it and in whichever version. `field*` holds nodes, `field:Type` a structure, and a bare
 * `field` a plain value. `Target` is a `RangeVar` that can only mean a table, never a common table expression.
 */
const READS: Readonly<Record<string, string>> = {
  SelectStmt: `withClause:WithClause distinctClause* targetList* fromClause* whereClause* groupClause* groupDistinct
    havingClause* windowClause* valuesLists* sortClause* limitOffset* limitCount* limitOption op all larg:SelectStmt
    rarg:SelectStmt`,
  WithClause: 'ctes* recursive',
  CommonTableExpr: `ctename aliascolnames* ctematerialized ctequery* search_clause:CTESearchClause
    cycle_clause:CTECycleClause`,
  CTESearchClause: 'search_col_list* search_breadth_first search_seq_column',
  CTECycleClause: 'cycle_col_list* cycle_mark_column cycle_mark_value* cycle_mark_default* cycle_path_column',
  ResTarget: 'name indirection* val*',
  RangeVar: 'schemaname relname inh relpersistence alias:Alias',
  Alias: 'aliasname colnames*',
  RangeSubselect: 'lateral subquery* alias:Alias',
  RangeFunction: 'lateral ordinality is_rowsfrom functions* alias:Alias coldeflist*',
  RangeTableSample: 'relation* method* args* repeatable*',
  JoinExpr: 'jointype isNatural larg* rarg* usingClause* join_using_alias:Alias quals* alias:Alias',
  WindowDef: 'name refname partitionClause* orderClause* frameOptions startOffset* endOffset*',
  SortBy: 'node* sortby_dir sortby_nulls useOp*',
  GroupingSet: 'kind content*',
  ExplainStmt: 'query* options*',
  VariableShowStmt: 'name',
};

const EXPRESSIONS: Readonly<Record<string, string>> = {
  ColumnRef: 'fields*',
  ParamRef: 'number',
  A_Const: 'ival:Integer fval:Float boolval:Boolean sval:String bsval:BitString isnull',
  A_Expr: 'kind name* lexpr* rexpr* rexpr_list_start rexpr_list_end',
  A_Indirection: 'arg* indirection*',
  A_Indices: 'is_slice lidx* uidx*',
  A_ArrayExpr: 'elements* list_start list_end',
  A_Star: '',
  FuncCall: `funcname* args* agg_order* agg_filter* over:WindowDef agg_within_group agg_star agg_distinct func_variadic
    funcformat`,
  NamedArgExpr: 'arg* name argnumber',
  TypeCast: 'arg* typeName:TypeName',
  TypeName: 'names* typmods* typemod arrayBounds*',
  CollateClause: 'arg* collname*',
  SubLink: 'subLinkType testexpr* operName* subselect*',
  BoolExpr: 'boolop args*',
  NullTest: 'arg* nulltesttype',
  BooleanTest: 'arg* booltesttype',
  CaseExpr: 'arg* args* defresult*',
  CaseWhen: 'expr* result*',
  CoalesceExpr: 'args*',
  MinMaxExpr: 'op args*',
  RowExpr: 'args* row_format',
  GroupingFunc: 'args*',
  SQLValueFunction: 'op typmod',
  List: 'items*',
  String: 'sval',
  Integer: 'ival',
  Float: 'fval',
  Boolean: 'boolval',
  BitString: 'bsval',
};

const JSON_EXPRESSIONS: Readonly<Record<string, string>> = {
  JsonTable: `context_item:JsonValueExpr pathspec:JsonTablePathSpec passing* columns* on_error:JsonBehavior alias:Alias
    lateral`,
  JsonTableColumn: `coltype name typeName:TypeName pathspec:JsonTablePathSpec format:JsonFormat wrapper quotes columns*
    on_empty:JsonBehavior on_error:JsonBehavior`,
  JsonTablePathSpec: 'string* name name_location',
  JsonBehavior: 'btype expr* coerce',
  JsonFormat: 'format_type encoding',
  JsonValueExpr: 'raw_expr* format:JsonFormat',
  JsonReturning: 'format:JsonFormat',
  JsonOutput: 'typeName:TypeName returning:JsonReturning',
  JsonFuncExpr: `op column_name context_item:JsonValueExpr pathspec* passing* output:JsonOutput on_empty:JsonBehavior
    on_error:JsonBehavior wrapper quotes`,
  JsonArgument: 'val:JsonValueExpr name',
  JsonKeyValue: 'key* value:JsonValueExpr',
  JsonObjectConstructor: 'exprs* output:JsonOutput absent_on_null unique',
  JsonArrayConstructor: 'exprs* output:JsonOutput absent_on_null',
  JsonArrayQueryConstructor: 'query* output:JsonOutput format:JsonFormat absent_on_null',
  JsonAggConstructor: 'output:JsonOutput agg_filter* agg_order* over:WindowDef',
  JsonObjectAgg: 'constructor:JsonAggConstructor arg:JsonKeyValue absent_on_null unique',
  JsonArrayAgg: 'constructor:JsonAggConstructor arg:JsonValueExpr absent_on_null',
  JsonIsPredicate: 'expr* format:JsonFormat item_type unique_keys',
  JsonParseExpr: 'expr:JsonValueExpr output:JsonOutput unique_keys',
  JsonScalarExpr: 'expr* output:JsonOutput',
  JsonSerializeExpr: 'expr:JsonValueExpr output:JsonOutput',
};

const WRITES: Readonly<Record<string, string>> = {
  InsertStmt: `withClause:WithClause relation:Target cols* selectStmt* onConflictClause:OnConflictClause
    returningClause:ReturningClause override`,
  UpdateStmt: `withClause:WithClause relation:Target targetList* fromClause* whereClause*
    returningClause:ReturningClause`,
  DeleteStmt: `withClause:WithClause relation:Target usingClause* whereClause* returningClause:ReturningClause`,
  MergeStmt: `withClause:WithClause relation:Target sourceRelation* joinCondition* mergeWhenClauses*
    returningClause:ReturningClause`,
  Target: 'schemaname relname inh relpersistence alias:Alias',
  OnConflictClause: 'action infer:InferClause targetList* whereClause*',
  InferClause: 'indexElems* whereClause* conname',
  ReturningClause: 'options* exprs*',
  ReturningOption: 'option value',
  MergeWhenClause: 'matchKind commandType override condition* targetList* values*',
  MultiAssignRef: 'source* colno ncolumns',
  SetToDefault: '',
  IndexElem: 'name expr* collation* opclass* ordering nulls_ordering',
};

const DEFINITIONS: Readonly<Record<string, string>> = {
  CreateStmt: 'relation:Target tableElts* constraints* oncommit if_not_exists',
  ColumnDef:
    'colname typeName:TypeName is_local is_not_null raw_default* collClause:CollateClause constraints*',
  Constraint: `contype conname deferrable initdeferred is_enforced skip_validation initially_valid is_no_inherit
    raw_expr* generated_when generated_kind nulls_not_distinct keys* including* options* pktable:Target fk_attrs*
    pk_attrs* fk_matchtype fk_upd_action fk_del_action fk_del_set_cols*`,
  AlterTableStmt: 'relation:Target cmds* objtype missing_ok',
  AlterTableCmd: 'subtype name def* behavior missing_ok',
  DropStmt: 'objects* removeType behavior missing_ok',
  IndexStmt: `idxname relation:Target accessMethod indexParams* indexIncludingParams* whereClause* unique
    nulls_not_distinct if_not_exists`,
  ViewStmt: 'view:Target aliases* query* replace withCheckOption',
  CommentStmt: 'objtype object* comment',
  CreateSeqStmt: 'sequence:Target options* if_not_exists',
  DefElem: 'defname arg* defaction',
};

const fieldsOf = (text: string): ReadonlyMap<string, Field> =>
  new Map(
    text
      .split(/\s+/)
      .filter((word) => word !== '')
      .map((word): readonly [string, Field] => {
        const [name = '', structure] = word.split(':');
        if (structure !== undefined) return [name, { structure }];
        return name.endsWith('*') ? [name.slice(0, -1), 'nodes'] : [name, 'plain'];
      }),
  );

/** Where a node stands in the text; every type may have it. */
const LOCATION: readonly [string, Field] = ['location', 'plain'];

/** The fields of each type of node, by name. */
export const SYNTAX: ReadonlyMap<string, ReadonlyMap<string, Field>> = new Map(
  Object.entries({ ...READS, ...EXPRESSIONS, ...JSON_EXPRESSIONS, ...WRITES, ...DEFINITIONS }).map(
    ([type, fields]) => [type, new Map([...fieldsOf(fields), LOCATION])],
  ),
);
