import assert from 'node:assert/strict';
import { test } from 'node:test';
import { REQUEST_BODY_MAX_BYTES } from '../../lambdas/core/limits.ts';
import { assertRefused, invalid, raw, type Suite } from './bad-input-scene.ts';

/** Bodies that are too large, no JSON, or not what the route takes. */
export const badBodies: Suite = (scene) => {
  test('a body that is not one JSON text is refused', async () => {
    const bodies = [
      '',
      ' ',
      '{',
      '{"name":"a"',
      '{"name":"a"} {}',
      "{'name':'a'}",
      '{"name":"a",}',
      '{"name":NaN}',
      'name=a',
      '['.repeat(30_000),
      Buffer.from('{"name":"a"}', 'utf16le'),
      '{"name":"a\u0000b"}',
      '{"name":"a","name":"b"}',
      '{"name":"a","n\\u0061me":"a"}',
      '{"name":"a","more":[{"a:b":1,"a:b":2}]}',
    ];
    await assertRefused(
      scene(),
      bodies.map((body) => raw(body)),
      { status: 400, code: 'malformed_json' },
    );
  });

  test('JSON that is no object is refused', async () => {
    const bodies = [
      'null',
      'true',
      '1',
      '"name"',
      '[]',
      '[{"name":"a"}]',
      `${'['.repeat(9_000)}${']'.repeat(9_000)}`,
    ];
    await assertRefused(
      scene(),
      bodies.map((body) => raw(body)),
      invalid('/'),
    );
  });

  test('only JSON in UTF-8 is understood, and it must say so', async () => {
    const types = [
      'text/plain',
      'application/x-www-form-urlencoded',
      'multipart/form-data; boundary=x',
      'application/merge-patch+json',
      'application/json5',
      'application/json; charset=utf-16',
      'application/json; charset=latin1',
      'application/json; profile=x',
      'application/json, text/plain',
      '*/*',
      '',
    ];
    const asks = types.map((type) => raw('{"name":"a"}', '/v1/tasks', { 'content-type': type }));
    await assertRefused(scene(), [...asks, raw('{"name":"a"}', '/v1/tasks', {})], {
      status: 415,
      code: 'unsupported_media_type',
    });
    for (const type of [
      'application/json;charset=UTF-8',
      'APPLICATION/JSON',
      'application/json; charset="utf-8"',
    ])
      assert.equal(
        (await scene().crew.ask(raw('{"name":"a"}', '/v1/tasks', { 'Content-Type': type }))).status,
        201,
      );
  });

  test('a body is refused one byte above the limit, and a mebibyte above it', async () => {
    const padded = (bytes: number) => raw('{"name":"a"}'.padEnd(bytes));
    await assertRefused(
      scene(),
      [
        padded(REQUEST_BODY_MAX_BYTES + 1),
        padded(1_048_576),
        raw('é'.repeat(REQUEST_BODY_MAX_BYTES / 2 + 1)),
      ],
      { status: 413, code: 'body_too_large' },
    );
    assert.equal((await scene().crew.ask(padded(REQUEST_BODY_MAX_BYTES))).status, 201);
  });

  test('a key that is not known is an error that names it, whatever it is called', async () => {
    for (const key of [
      'nmae',
      'Name',
      '__proto__',
      'constructor',
      'toString',
      'hasOwnProperty',
      'a~b/c',
      '',
    ]) {
      const body = `{"name":"a",${JSON.stringify(key)}:{"isAdmin":true}}`;
      const pointer = `/${key.replaceAll('~', '~0').replaceAll('/', '~1')}`;
      await assertRefused(scene(), [raw(body)], invalid(pointer));
    }
    const forced = raw('{"sql":"SELECT 1","force":true}', `/v1/grants/${scene().mine.grant}/runs`);
    await assertRefused(scene(), [forced], invalid('/force'));
    const empty = [raw('{"force":true}', `/v1/grants/${scene().mine.grant}/credentials`)];
    await assertRefused(scene(), empty, invalid('/force'));
  });
};
