import assert from 'node:assert/strict';
import { test } from 'node:test';
import { estimateRows } from '../../../lambdas/adapters/postgres/estimate-rows.ts';

const scan = { 'Node Type': 'Seq Scan', 'Plan Rows': 40, 'Parent Relationship': 'Outer' };
const changing = { 'Node Type': 'ModifyTable', 'Plan Rows': 0, Plans: [scan] };

test('a read is estimated by what its plan returns', () => {
  assert.equal(estimateRows([{ Plan: { 'Node Type': 'Limit', 'Plan Rows': 10, Plans: [scan] } }]), 10);
});

test('a write is estimated by the rows that come to what changes them', () => {
  assert.equal(estimateRows([{ Plan: changing }]), 40);
});

test('subqueries on the side are not counted', () => {
  const aside = { ...scan, 'Plan Rows': 9_000, 'Parent Relationship': 'InitPlan' };
  assert.equal(estimateRows([{ Plan: { ...changing, Plans: [scan, aside] } }]), 40);
});

test('changes within a common table expression and by further plans are added up', () => {
  const within = {
    'Node Type': 'CTE Scan',
    'Plan Rows': 1,
    Plans: [{ ...changing, 'Parent Relationship': 'InitPlan' }],
  };
  assert.equal(estimateRows([{ Plan: within }, { Plan: changing }]), 80);
});

test('where nothing is planned there is no estimate', () => {
  assert.equal(estimateRows([]), undefined);
  assert.equal(estimateRows([{}]), undefined);
});
