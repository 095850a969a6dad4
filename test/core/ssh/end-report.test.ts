import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readEndReport } from '../../../lambdas/core/ssh/end-report.ts';

const LINE = 'latchkey refused=yes ways=one found=1 unknown=0 ended=3 left=0';

test('the one line of codes is read, and the line break at its end', () => {
  const report = { refused: 'yes', ways: 'one', found: 1, unknown: 0, ended: 3, left: 0 };
  assert.deepEqual(readEndReport(LINE), report);
  assert.deepEqual(readEndReport(`${LINE}\n`), report);
});

test('anything else is no report: what a user could make a machine say proves nothing', () => {
  for (const output of [
    '',
    'killed',
    `${LINE}\n${LINE}`,
    `${LINE}\n\n`,
    `motd\n${LINE}`,
    `${LINE} left=0`,
    ` ${LINE}`,
    LINE.replace('left=0', 'left='),
    LINE.replace('left=0', 'left=-1'),
    LINE.replace('left=0', 'left=0x1'),
    LINE.replace('refused=yes', 'refused=Yes'),
    LINE.replace('ways=one', 'ways=one two'),
    LINE.replace('found=1 unknown=0', 'unknown=0 found=1'),
  ])
    assert.equal(readEndReport(output), undefined, JSON.stringify(output));
});
