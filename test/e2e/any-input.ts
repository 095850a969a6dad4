import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { openTask, REQUEST } from './asks.ts';
import { raw, type Suite } from './bad-input-scene.ts';

/** What nobody has thought of. */
export const anyInput: Suite = (scene) => {
  test('no body that somebody could think of makes a server error', async () => {
    const { crew, mine } = scene();
    const paths = [
      '/v1/tasks',
      '/v1/grants',
      `/v1/grants/${mine.grant}/credentials`,
      `/v1/grants/${mine.grant}/runs`,
      `/v1/tasks/${mine.task}/heartbeat`,
      '/v1/containments',
    ];
    const valid: Record<string, unknown> = {
      ...REQUEST,
      task: mine.task,
      name: 'a',
      leaseSeconds: 60,
      sql: 'SELECT 1',
      params: [],
      maxRows: 1,
      scope: 'everything',
      why: 'an exercise',
    };
    const value = fc.oneof(
      fc.jsonValue(),
      fc.string({ unit: 'binary' }),
      fc.double(),
      fc.bigInt().map(String),
    );
    const changed = fc
      .tuple(fc.subarray(Object.keys(valid)), fc.constantFrom(...Object.keys(valid)), value)
      .map(([kept, key, to]) => ({
        ...Object.fromEntries(kept.map((name) => [name, valid[name]])),
        [key]: to,
      }));
    const body = fc.oneof(
      fc.json(),
      fc.string(),
      changed.map((object) => JSON.stringify(object)),
    );
    await fc.assert(
      fc.asyncProperty(fc.constantFrom(...paths), body, async (path, text) => {
        const { status, headers } = await crew.ask(raw(text, path));
        const isProblem = headers['content-type'] === 'application/problem+json';
        assert.ok(status < 500 && isProblem === status >= 400, `${path} ${text} → ${status}`);
      }),
      { numRuns: 150 },
    );
  });

  test('no header that somebody could think of makes a server error', async () => {
    const text = fc.string({ maxLength: 60 }).map((value) => value.replace(/[^\t\x20-\x7e]/g, '').trim());
    const names = [
      'accept',
      'prefer',
      'idempotency-key',
      'content-type',
      'user-agent',
      'x-forwarded-for',
      'cookie',
    ];
    await fc.assert(
      fc.asyncProperty(fc.dictionary(fc.constantFrom(...names), text), async (headers) => {
        const { status } = await scene().crew.ask({ ...openTask({ name: 1 }), headers });
        assert.ok(status === 400 || status === 415, `${JSON.stringify(headers)} → ${status}`);
      }),
      { numRuns: 50 },
    );
  });
};
