import assert from 'node:assert/strict';
import { test } from 'node:test';
import { RequestRunBody } from '../../lambdas/http/run-schemas.ts';
import { OpenTaskBody, RequestAccessBody } from '../../lambdas/http/schemas.ts';
import { REQUEST } from '../support/app.ts';

const TASK = 't_00000000000000000000';
const isTaken = (text: string): readonly boolean[] => [
  OpenTaskBody.safeParse({ name: text }).success,
  RequestAccessBody.safeParse({ ...REQUEST, task: TASK, reason: text }).success,
];

/** By what they are called. */
const UNSEEN: Readonly<Record<string, string>> = {
  'tag letters': '\u{e0069}\u{e0067}',
  'a mark of direction for Arabic': '\u061c',
  'an override of direction': '\u202e',
  'a zero-width joiner': '\u200d',
  'a soft hyphen': '\u00ad',
  'a grapheme joiner': '\u034f',
  'a Hangul filler': '\u3164',
  'a Mongolian vowel separator': '\u180e',
  'a deprecated format character': '\u206a',
  'a variation selector that has nothing to select': '\ufe0f',
  'a supplementary variation selector': '\u{e0155}',
  'an interlinear annotation': '\ufff9',
  'a blank of Braille': '\u2800',
  'a private character': '\ue000',
};

test('what people read holds nothing that shows as nothing', () => {
  for (const [name, unseen] of Object.entries(UNSEEN))
    assert.deepEqual(isTaken(`re${unseen}port`), [false, false], name);
});

test('text of any language passes, emoji too', () => {
  for (const text of ['Übersicht', '売上の週報', 'تقرير المبيعات', 'यूज़र रिपोर्ट', '⚠️ urgent', '📈 report'])
    assert.deepEqual(isTaken(text), [true, true], text);
});

test('a statement and its parameters arrive as they were sent, or not at all', () => {
  const isRunnable = (body: string) => RequestRunBody.safeParse(JSON.parse(body)).success;
  const withParam = (param: string) => isRunnable(`{"sql":"SELECT $1","params":[${param}]}`);
  for (const broken of ['9007199254740993', '-9007199254740993', '1e30', '1e999', '"\\ud800"', '"a\\u0000"'])
    assert.equal(withParam(broken), false, broken);
  for (const exact of ['9007199254740991', '0.1', '"9007199254740993"', '"\\ud83d\\ude00"', 'null', 'true'])
    assert.equal(withParam(exact), true, exact);
  assert.equal(isRunnable('{"sql":"SELECT \'\\ud800\'"}'), false);
});
