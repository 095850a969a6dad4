import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { signWebhook } from '../../../lambdas/core/notice/sign-webhook.ts';
import { NOW } from '../../support/facts.ts';

type Check = (body: Buffer, header: string | undefined, secret: string, now?: number) => boolean;

const page = readFileSync('docs/notifications.md', 'utf8');
const [, code = ''] = /```js\n(.*?)```/s.exec(page) ?? [];
const { isFromLatchkey }: { isFromLatchkey: Check } = await import(
  `data:text/javascript,${encodeURIComponent(code)}`
);
const cell = (name: string): string =>
  new RegExp(`^\\| ${name} \\| \`(.*)\` \\|$`, 'm').exec(page)?.[1] ?? '';
const EXAMPLE = { secret: cell('secret'), body: cell('body'), header: cell('`Latchkey-Signature`') };

test('the example of the page is what we sign and what the page’s own check takes', () => {
  const { secret, body, header } = EXAMPLE;
  const at = Number(/^t=(\d+)/.exec(header)?.[1]) * 1_000;
  assert.equal(signWebhook(body, secret, at), header);
  assert.equal(isFromLatchkey(Buffer.from(body), header, secret, at), true);
});

test('the page’s check takes nothing else', () => {
  const body = '{"text":"ä"}';
  const header = signWebhook(body, 'secret', NOW);
  const check = (change: { body?: string; header?: string | undefined; secret?: string; now?: number }) => {
    const asked = { body, header, secret: 'secret', now: NOW, ...change };
    return isFromLatchkey(Buffer.from(asked.body), asked.header, asked.secret, asked.now);
  };
  assert.equal(check({}), true);
  assert.equal(check({ now: NOW + 300_000 }), true);
  for (const change of [
    { body: '{"text":"a"}' },
    { secret: 'another' },
    { now: NOW + 301_000 },
    { now: NOW - 301_000 },
    { header: undefined },
    { header: '' },
    { header: header.slice(0, -1) },
    { header: header.replace(/t=\d+/, 't=NaN') },
    { header: `${header},v1=` },
  ])
    assert.equal(check(change), false, JSON.stringify(change));
});
