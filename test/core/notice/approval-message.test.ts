import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import type { Approval } from '../../../lambdas/core/approval/approval.ts';
import {
  SLACK_BLOCKS_MAX_COUNT,
  SLACK_HEADER_MAX_CHARACTERS,
  SLACK_TEXT_MAX_CHARACTERS,
  SLACK_VALUE_MAX_CHARACTERS,
} from '../../../lambdas/core/limits.ts';
import { approvalMessage } from '../../../lambdas/core/notice/approval-message.ts';
import type { Button } from '../../../lambdas/core/notice/blocks.ts';
import type { NoticeFacts } from '../../../lambdas/core/notice/notice-facts.ts';
import { noticeSummary } from '../../../lambdas/core/notice/notice-summary.ts';
import { readButtonValue } from '../../../lambdas/core/slack/button-value.ts';
import {
  APPROVAL_ID,
  APPROVED,
  ASKED,
  BROKEN_GLASS,
  DENIED,
  DIGEST,
  EVERY_STAGE,
  FACTS,
  PENDING,
  VOTE,
} from '../../support/approvals.ts';
import { NOW } from '../../support/facts.ts';

const messageOf = (approval: Approval, change: Partial<NoticeFacts> = {}) =>
  approvalMessage({ ...FACTS, approval, ...change });

/** Every object of a message that has a `text` of its own, however deep. */
const objectsIn = (value: unknown): Record<string, unknown>[] => {
  if (typeof value !== 'object' || value === null) return [];
  const inner = Object.values(value).flatMap(objectsIn);
  return Array.isArray(value) ? inner : [{ ...value }, ...inner];
};
const textsIn = (value: unknown) => objectsIn(value).filter(({ text }) => typeof text === 'string');
const wordsOf = (approval: Approval, change: Partial<NoticeFacts> = {}): string =>
  textsIn(messageOf(approval, change).blocks)
    .map(({ text }) => text)
    .join('\n');
const buttonsOf = (approval: Approval, change: Partial<NoticeFacts> = {}): readonly Button[] =>
  messageOf(approval, change).blocks.flatMap((block) => (block.type === 'actions' ? block.elements : []));
const labelsOf = (buttons: readonly Button[]) => buttons.map(({ text }) => text.text);

describe('a message about an approval', () => {
  test('says who asks for whom, what, where, for how long and why', () => {
    const said = wordsOf(PENDING);
    for (const words of [
      'sales-analyst (agent)',
      'Dana Reyes',
      'clean up',
      'postgres:write, one run',
      'orders-db (Orders of the shop)',
      'prod · account 000000000000 · us-east-1 · database orders',
      '15 min',
      'remove the test customers of last week',
      'DELETE (write, bounded) on public.customers',
      '0 of 2 approvals',
    ])
      assert.ok(said.includes(words), words);
  });

  test('says what to look at twice', () => {
    const said = wordsOf({
      ...PENDING,
      asked: {
        ...ASKED,
        statements: ASKED.statements.map((statement) => ({ ...statement, bounded: false })),
      },
    });
    for (const risk of [
      'Production',
      'Unbounded write',
      'About 12 rows',
      'Sensitive columns: public.customers.email',
    ])
      assert.ok(said.includes(risk), risk);
    assert.doesNotMatch(wordsOf(PENDING), /Unbounded/);
    assert.match(wordsOf({ ...PENDING, asked: { ...ASKED, action: 'postgres:ddl' } }), /DDL/);
  });

  test('says until when to decide in the time zone of its reader, and in UTC where Slack cannot', () => {
    const said = wordsOf(PENDING);
    assert.ok(said.includes(`<!date^${(NOW + 3_600_000) / 1_000}^`));
    assert.ok(said.includes('|2026-03-02T11:00:00.000Z>'));
    assert.doesNotMatch(wordsOf(APPROVED), /!date/);
  });

  test('has twelve digits of the digest for the eye and all of them on its buttons', () => {
    assert.ok(wordsOf(PENDING).includes(`\`${DIGEST.slice(0, 12)}\``));
    for (const { value } of buttonsOf(PENDING).filter(({ url }) => url === undefined))
      assert.deepEqual(readButtonValue(value ?? ''), { approvalId: APPROVAL_ID, digest: DIGEST });
  });

  test('offers to approve only where it may, and to deny while people are asked', () => {
    assert.deepEqual(labelsOf(buttonsOf(PENDING)), ['Review', 'Approve', 'Deny']);
    assert.deepEqual(labelsOf(buttonsOf(PENDING, { buttons: { approve: false } })), ['Review', 'Deny']);
    for (const over of EVERY_STAGE.filter(({ state }) => state !== 'pending'))
      assert.deepEqual(labelsOf(buttonsOf(over)), ['Review'], over.state);
    assert.equal(buttonsOf(PENDING)[0]?.url, FACTS.link);
  });

  test('begins in each state with what became of it', () => {
    const beginnings = EVERY_STAGE.map((approval) => messageOf(approval).text.split(':')[0]);
    assert.deepEqual(beginnings, [
      'Approval wanted',
      'Approval wanted',
      'Still waiting for approval',
      'Approved',
      'Emergency access, by one person alone',
      'Denied',
      'Nobody decided in time',
      'Withdrawn',
      'Asked again, in a newer message',
    ]);
  });

  test('names whoever has voted, how, and their note', () => {
    assert.match(wordsOf({ ...PENDING, votes: [VOTE] }), /1 of 2 approvals\nAna Silva approved on the page/);
    assert.match(wordsOf(DENIED), /Ana Silva denied in Slack: not on a Friday/);
    assert.match(
      wordsOf(BROKEN_GLASS),
      /alone, in an emergency: the shop is down\nSomebody else has to review this/,
    );
  });

  test('says when less was given than was asked for', () => {
    assert.match(
      wordsOf({ ...APPROVED, granted: { ...APPROVED.granted, seconds: 600 } }),
      /For: \n15 min\n\nGiven instead: \npostgres:write for 10 min/,
    );
  });

  test('never holds the mark by which a statement is bound, nor what only the page shows', () => {
    for (const approval of EVERY_STAGE)
      assert.doesNotMatch(
        JSON.stringify([messageOf(approval), noticeSummary({ ...FACTS, approval })]),
        /aaaaaaaa|mac/,
      );
  });

  test('shows what hides as a mark', () => {
    const reason = 'a\u202Eb\u2066c\u200Dd\u0000e\nf\u00ADg\u{E0041}h\uD800i\u3164j';
    const said = wordsOf({ ...PENDING, asked: { ...ASKED, reason } });
    assert.ok(
      said.includes('a[U+202E]b[U+2066]c[U+200D]d[U+0000]e[U+000A]f[U+00AD]g[U+E0041]h[U+D800]i[U+3164]j'),
      said,
    );
  });
});

const CUNNING = [
  '<!channel>',
  '<!here|here>',
  '<@U0123456>',
  '<#C0123456|general>',
  '<https://evil.example|https://bank.example>',
  'https://evil.example',
  'evil.example',
  '@channel',
  '@here',
  '&lt;!channel&gt;',
  ':white_check_mark:',
  '*Approved by Ana Silva*',
  '`code`',
  '```',
  '\u202E',
  '\u2066',
  '\u200B',
  '\uFEFF',
  '\u0000',
  '\n',
  '\r',
  '\uD800',
  '\u{E0041}',
  '&',
  '<',
  '>',
  '|',
];

/** Whatever an agent may think of, and all that Slack gives a meaning to. */
const written = (maxLength: number) =>
  fc.oneof(
    fc.string({ unit: 'binary', maxLength }),
    fc
      .array(fc.oneof(fc.constantFrom(...CUNNING), fc.string({ unit: 'grapheme', maxLength: 4 })), {
        maxLength: 40,
      })
      .map((parts) => parts.join('').slice(0, maxLength)),
    fc.constantFrom(...CUNNING).map((part) => part.repeat(maxLength).slice(0, maxLength)),
  );

const tables = fc.array(written(130), { maxLength: 30 });

/** An approval of any stage in which everything that an agent can word is worded by one that means harm. */
const anyFacts = fc
  .record({
    approval: fc.constantFrom(...EVERY_STAGE),
    name: written(1_024),
    taskName: written(128),
    reason: written(500),
    note: written(500),
    owner: written(128),
    tables: fc.array(tables, { maxLength: 15 }),
    columns: fc.array(written(200), { maxLength: 30 }),
    approve: fc.boolean(),
  })
  .map(({ approval, name, taskName, reason, note, owner, tables, columns, approve }): NoticeFacts => {
    const asked = {
      ...ASKED,
      requester: { ...ASKED.requester, name },
      owners: Array.from({ length: 12 }, () => ({ issuer: 'i', subject: 's', name: owner })),
      reason,
      statements: tables.map((named) => ({ ...PENDING_STATEMENT, tables: named })),
    };
    const votes = approval.votes.map((vote) => ({ ...vote, note, voter: { ...vote.voter, name: owner } }));
    const found = { at: NOW, estimatedRows: tables.map(() => null), maskedColumns: columns };
    return {
      ...FACTS,
      approval: { ...approval, asked, votes, found },
      taskName,
      resource: { ...FACTS.resource, description: owner },
      buttons: { approve },
    };
  });
const PENDING_STATEMENT = {
  mac: 'a'.repeat(64),
  class: 'write',
  verb: 'UPDATE',
  bounded: false,
  times: 2,
} as const;

describe('whatever an agent writes', () => {
  test('nothing of it is a link, a mention or markup', () => {
    fc.assert(
      fc.property(anyFacts, (facts) => {
        const message = approvalMessage(facts);
        const objects = objectsIn(message.blocks);
        for (const { type } of objects)
          assert.ok(KNOWN_TYPES.has(String(type)) || type === undefined, String(type));
        const harmless = approvalMessage({
          ...FACTS,
          approval: strip(facts.approval),
          buttons: facts.buttons,
        });
        assert.deepEqual(readAsMarkup(message.blocks), readAsMarkup(harmless.blocks));
        assert.deepEqual(linksOf(message.blocks), [FACTS.link]);
        assert.match(message.text, /^[\w ,():-]+$/);
      }),
      { numRuns: 300 },
    );
  });

  test('nothing of it is hidden from its reader', () => {
    fc.assert(
      fc.property(anyFacts, (facts) => {
        const all = textsIn(approvalMessage(facts).blocks).map(({ text }) => String(text).replace(/\n$/, ''));
        for (const text of all) assert.doesNotMatch(text, /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/u);
      }),
      { numRuns: 200 },
    );
  });

  test('every limit of Slack holds, and no text is empty', () => {
    fc.assert(
      fc.property(anyFacts, (facts) => {
        const { blocks, text } = approvalMessage(facts);
        assert.ok(blocks.length <= SLACK_BLOCKS_MAX_COUNT);
        for (const { text: said } of [{ text }, ...textsIn(blocks)]) {
          assert.ok(String(said).length <= SLACK_TEXT_MAX_CHARACTERS, `${String(said).length}`);
          assert.notEqual(String(said).trim(), '');
        }
        for (const block of blocks) {
          if (block.type === 'header') assert.ok(block.text.text.length <= SLACK_HEADER_MAX_CHARACTERS);
          if (block.type === 'actions')
            for (const { value } of block.elements)
              assert.ok((value?.length ?? 0) <= SLACK_VALUE_MAX_CHARACTERS);
        }
      }),
      { numRuns: 200 },
    );
  });

  test('its summary for other channels stays below what they take', () => {
    fc.assert(
      fc.property(anyFacts, (facts) => {
        assert.ok(Buffer.byteLength(JSON.stringify(noticeSummary(facts))) < 200 * 1_024);
      }),
      { numRuns: 100 },
    );
  });
});

const KNOWN_TYPES = new Set([
  'header',
  'rich_text',
  'rich_text_section',
  'rich_text_list',
  'rich_text_quote',
  'context',
  'actions',
  'text',
  'plain_text',
  'mrkdwn',
  'button',
]);

/** The same approval as its agent would have worded it that means no harm. */
const strip = (approval: Approval): Approval => ({ ...approval, asked: ASKED, found: PENDING.found });

/** What Slack looks for markup in, or shows as a title: everything that is not an element of rich text. */
const readAsMarkup = (blocks: unknown) =>
  objectsIn(blocks)
    .filter(({ type }) => type === 'mrkdwn' || type === 'plain_text')
    .map(({ text }) => text);

const linksOf = (blocks: unknown) =>
  objectsIn(blocks)
    .map(({ url }) => url)
    .filter((url) => url !== undefined);
