import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parse } from 'libpg-query';
import { typeNames } from '../../../lambdas/adapters/postgres/shadowed-names.ts';

test('every type that a statement casts to is found in its tree, however it is written', async () => {
  const tree = await parse(`SELECT x::money2, CAST(y AS app.status), '1'::"Odd"[], ARRAY(SELECT z::inner_one)
    FROM t, json_to_record('{}') AS r (a listed, b integer)`);
  assert.deepEqual(typeNames(tree).toSorted(), ['Odd', 'inner_one', 'int4', 'listed', 'money2', 'status']);
});
