import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { ApprovalPage } from '../../lambdas/app/show-approval.ts';
import { SECURITY_HEADERS } from '../../lambdas/console/answer.ts';
import { approvalPage } from '../../lambdas/console/approval-page.ts';
import { grantsPage } from '../../lambdas/console/grants-page.ts';
import type { Html } from '../../lambdas/console/html.ts';
import { inboxPage } from '../../lambdas/console/inbox-page.ts';
import { messagePage } from '../../lambdas/console/message-page.ts';
import * as words from '../../lambdas/console/refusal-words.ts';
import { exactText, inlineText, visibleText } from '../../lambdas/console/visible-text.ts';
import type { Grant } from '../../lambdas/core/grant/grant.ts';
import { NOW, PRINCIPAL, RESOURCE } from '../support/facts.ts';
import { type ParsedPage, parsePage } from '../support/html-tags.ts';
import { APPROVALS, ASKED, PENDING, SHOWN, shownStatements, written } from './sample-approval.ts';

const frame = (name = 'Alice') => ({ path: '/live', person: { name, signOutToken: 'token' } });
const PARTS = { action: '/live/console/approvals/x', digest: PENDING.digest, tokenOf: () => 'token' };

const render = (shown: ApprovalPage): ParsedPage =>
  parsePage(String(approvalPage({ frame: frame(), now: NOW, parts: PARTS }, shown)));

const LIVE = {
  id: ASKED.grant,
  state: 'active',
  principal: PRINCIPAL,
  resource: RESOURCE.id,
  action: 'postgres:connect',
  reason: 'weekly report',
  expiresAt: NOW + 60_000,
} as unknown as Grant;

const inbox = (text: string): Html => {
  const approval = written(text).approval;
  return inboxPage({ frame: frame(text), now: NOW }, { waiting: [approval], reviews: [approval] });
};
const grants = (text: string): Html =>
  grantsPage({ frame: frame(text), now: NOW, tokenOf: () => 'token' }, [
    { ...LIVE, reason: text, resource: text, principal: { ...PRINCIPAL, name: text, subject: text } },
  ]);

const HOSTILE = [
  '<script>alert(1)</script>',
  '"><img src=x onerror=alert(1)>',
  "' onfocus='alert(1)",
  '</pre></bdo><form action="https://evil.example">',
  '{{constructor}} ${1} &lt;b&gt; &#60;',
  '<!-- ',
  ']]>',
  '<style>*{display:none}</style>',
  'SELECT \u202E1\u2066 -- \u200B\u0000',
];

/** Each page with one text in every place where text of others stands. */
const pagesWith = (text: string): readonly Html[] => [
  approvalPage({ frame: frame(text), now: NOW, parts: PARTS }, written(text)),
  inbox(text),
  grants(text),
];

const skeleton = (page: Html): readonly string[] => parsePage(String(page)).tags.map(({ name }) => name);

test('text of others adds no tag and no attribute to any page', () => {
  const plain = pagesWith('plain').map((page) => skeleton(page));
  fc.assert(
    fc.property(
      fc.oneof(fc.constantFrom(...HOSTILE), fc.string({ unit: 'grapheme', maxLength: 40 })),
      (text) => {
        pagesWith(text).forEach((page, index) => {
          const isOwn = (name: string) =>
            !['span', 'p', 'strong', 'bdi', 'ins', 'del', 'pre', 'bdo', 'h3', 'br', 'li'].includes(name);
          assert.deepEqual(skeleton(page).filter(isOwn), plain[index]?.filter(isOwn));
          for (const { attributes } of parsePage(String(page)).tags)
            for (const name of Object.keys(attributes)) assert.ok(ATTRIBUTES.has(name), name);
        });
      },
    ),
    { numRuns: 60 },
  );
});

const ATTRIBUTES = new Set(
  'lang charset name content class href id tabindex aria-label aria-labelledby aria-describedby method action type value role dir datetime for rows maxlength required disabled hidden formmethod formnovalidate checked min max step inputmode'.split(
    ' ',
  ),
);

test('what a statement shows is the statement, with a mark for each character that does not show', () => {
  const anything = fc.string({ unit: 'binary', maxLength: 60 });
  fc.assert(
    fc.property(anything, (text) => {
      const { text: shown } = parsePage(
        String(visibleText(text)).replaceAll(
          /<span class="mark">U\+([0-9A-F]+)<\/span>/g,
          (_, hex) => `\u{F0000}${hex};`,
        ),
      );
      const back = shown.replaceAll(/\u{F0000}([0-9A-F]+);/gu, (_, hex) =>
        String.fromCodePoint(Number.parseInt(hex, 16)),
      );
      assert.equal(back, text);
    }),
  );
});

test('nothing that reorders, hides or blanks out reaches the reader as itself', () => {
  const sly = [
    '\u202A',
    '\u202E',
    '\u2066',
    '\u2069',
    '\u200B',
    '\u200D',
    '\u00AD',
    '\u0000',
    '\u001B',
    '\u007F',
    '\u0085',
    '\u00A0',
    '\u2028',
    '\u3164',
    '\u2800',
    '\uFE0F',
    '\u{E0041}',
    '\uFEFF',
    '\u180E',
    '\uD800',
    '\r',
  ];
  for (const character of sly) {
    const code = `U+${(character.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, '0')}`;
    for (const show of [visibleText, inlineText, exactText]) {
      const markup = String(show(`a${character}b`));
      assert.ok(!markup.includes(character), code);
      assert.ok(markup.includes(`<span class="mark">${code}</span>`), code);
    }
  }
  assert.equal(String(visibleText('a\n\tb c')), 'a\n\tb c');
});

test('marks piled on a letter do not cover what stands beside it', () => {
  const pile = `a${'\u0336'.repeat(10)}b`;
  assert.equal(String(visibleText(pile)).match(/class="mark">U\+0336</g)?.length, 7);
  assert.equal(String(visibleText('e\u0301\u0302')), 'e\u0301\u0302');
});

test('a letter that only looks like a Latin one is named', () => {
  const { text } = parsePage(String(exactText('DROP TABLE \u043Erders')));
  assert.match(text, /not plain ASCII: о \(U\+043E\)/);
  assert.match(String(exactText('DROP TABLE \u043Erders')), /<span class="foreign">о<\/span>rders/);
  assert.doesNotMatch(String(exactText('DROP TABLE orders')), /ASCII/);
});

test('a statement is whole however long it is, in the order of its characters', () => {
  const sql = `SELECT ${'x,'.repeat(30_000)}1`;
  const markup = String(approvalPage({ frame: frame(), now: NOW, parts: PARTS }, shownStatements(sql)));
  assert.ok(markup.includes(`<pre><bdo dir="ltr">${sql}</bdo></pre>`));
});

test('every state has its page, with nothing on it from elsewhere and nothing that runs', () => {
  const messages = Object.values(words).filter((word) => typeof word === 'object');
  const pages = [
    ...APPROVALS.map((approval) =>
      approvalPage(
        { frame: frame(), now: NOW, parts: PARTS },
        { ...SHOWN, approval, may: { ...SHOWN.may, review: true } },
      ),
    ),
    ...[
      shownStatements('UPDATE a SET b = 1'),
      shownStatements('SELECT 1', 'SELECT 2'),
      { ...SHOWN, statements: 'erased' as const, resource: undefined },
      { ...SHOWN, statements: 'exchanged' as const },
    ].map((shown) => approvalPage({ frame: frame(), now: NOW, parts: PARTS }, shown)),
    ...HOSTILE.flatMap(pagesWith),
    inboxPage({ frame: frame(), now: NOW }, { waiting: [], reviews: [] }),
    grantsPage({ frame: frame(), now: NOW, tokenOf: () => 'token' }, []),
    ...messages.map((message) => messagePage({ path: '', person: undefined }, message, { requestId: 'r' })),
  ];
  assert.ok(pages.length > 40, String(pages.length));
  for (const page of pages) checkSelfContained(parsePage(String(page)));
});

const ADDRESS = /^(\/live)?\/console(\/[\w/-]*)?(\?to=\w+(&again=yes)?)?$/;

const checkSelfContained = ({ tags }: ParsedPage): void => {
  const ids = tags.flatMap(({ attributes }) => attributes.id ?? []);
  assert.equal(new Set(ids).size, ids.length, 'ids are unique');
  for (const { name, attributes } of tags) {
    assert.ok(!['script', 'img', 'link', 'iframe', 'object', 'base', 'svg', 'video'].includes(name), name);
    assert.ok(
      !Object.keys(attributes).some((attribute) => /^(on|src|style|srcset|formaction)/.test(attribute)),
    );
    for (const address of [attributes.href, attributes.action].filter((each) => each !== undefined))
      assert.ok(['#content', '#decision'].includes(address) || ADDRESS.test(address), address);
    for (const reference of ['for', 'aria-labelledby', 'aria-describedby'])
      if (attributes[reference] !== undefined)
        assert.ok(ids.includes(attributes[reference]), attributes[reference]);
  }
  assert.deepEqual(tags.filter(({ name }) => ['main', 'h1', 'title'].includes(name)).length, 3);
};

test('every field has a label, every form begins with a button that Enter cannot press', () => {
  const { tags } = render({ ...SHOWN, may: { ...SHOWN.may, review: true } });
  const labelled = tags.flatMap(({ attributes }) => attributes.for ?? []);
  for (const { name, attributes } of tags) {
    if (name === 'textarea' || attributes.type === 'number')
      assert.ok(labelled.includes(attributes.id ?? ''));
  }
  const inMain = tags.slice(tags.findIndex(({ name }) => name === 'main'));
  inMain.forEach(({ name }, index) => {
    if (name !== 'form') return;
    const first = inMain.slice(index).find((tag) => tag.name === 'button');
    assert.ok(first && 'disabled' in first.attributes && 'hidden' in first.attributes);
    const second = inMain.slice(index).filter((tag) => tag.name === 'button')[1];
    assert.equal(
      second?.attributes.formmethod,
      'dialog',
      'and one for Chromium, which passes over the first',
    );
  });
  assert.ok(!tags.some(({ attributes }) => 'autofocus' in attributes));
});

test('denying comes before approving, and an emergency is behind a door of its own', () => {
  const { tags } = render(SHOWN);
  const forms = tags
    .filter(({ attributes }) => attributes.name === 'form')
    .map(({ attributes }) => attributes.value);
  assert.deepEqual(forms, ['sign_out', 'deny', 'approve', 'break_glass']);
  assert.ok(tags.some(({ name }) => name === 'details'));
});

test('whoever may do nothing sees no form, and why', () => {
  const may = {
    approve: false,
    deny: false,
    breakGlass: false,
    review: false,
    because: 'own_request',
  } as const;
  const { tags, text } = render({ ...SHOWN, may });
  assert.equal(tags.filter(({ name }) => name === 'form').length, 1, 'signing out only');
  assert.match(text, /It is your own request,/);
});

test('a login says that its statements are not checked one by one, and a run does not', () => {
  assert.match(render(SHOWN).text, /will not be checked, recorded or approved one by one/);
  assert.doesNotMatch(render(shownStatements('SELECT 1')).text, /not be checked/);
});

test('where policy would let nothing through, nobody is asked to approve it', () => {
  const { tags, text } = render({ ...SHOWN, offers: [] });
  assert.ok(!tags.some(({ attributes }) => attributes.value === 'approve'));
  assert.match(text, /no number of people would be enough/);
});

test('each voice says what it would give', () => {
  assert.match(render(SHOWN).text, /by Bob \(bob\).*giving postgres:read for 300 seconds \(5 minutes\)/);
});

test('a write without bounds is called that', () => {
  const shown = shownStatements('DELETE FROM orders');
  assert.ok(typeof shown.statements !== 'string');
  const statements = shown.statements.map((each) => ({ ...each, about: { ...each.about, bounded: false } }));
  assert.match(render({ ...shown, statements }).text, /may change all of them/);
});

test('what differs is marked in words, and nothing else is', () => {
  const shown = shownStatements("UPDATE orders SET state = 'paid'  WHERE id = 7");
  const previous = {
    approval: { ...shown.approval, asked: { ...shown.approval.asked, reason: 'monthly report' } },
    statements: ["UPDATE orders SET state = 'sent' WHERE id = 7"],
  };
  const markup = String(approvalPage({ frame: frame(), now: NOW, parts: PARTS }, { ...shown, previous }));
  assert.match(
    markup,
    /<del><span class="tag">was<\/span>sent<\/del><ins><span class="tag">new<\/span>paid<\/ins>/,
  );
  assert.match(markup, /<del><span class="tag">was<\/span><bdi>monthly report<\/bdi><\/del>/);
  const same = { approval: shown.approval, statements: ["UPDATE orders SET state = 'paid'  WHERE id = 7"] };
  assert.match(render({ ...shown, previous: same }).text, /Nothing: who, what, where/);
});

test('statements that were written to be hard to compare are not compared for long', () => {
  const [a, b] = ['a b ', 'c d '].map((words) => words.repeat(15_000));
  const begun = performance.now();
  const previous = { approval: PENDING, statements: [a ?? ''] };
  assert.match(render({ ...shownStatements(b ?? ''), previous }).text, /too much to be laid side by side/);
  assert.ok(performance.now() - begun < 3_000);
});

test('the policy of the page allows its own stylesheet and nothing else', () => {
  const policy = SECURITY_HEADERS['Content-Security-Policy'];
  assert.match(
    policy,
    /^default-src 'none'; style-src 'sha256-[\w+/]{43}='; form-action 'self'; frame-ancestors 'none'; base-uri 'none'$/,
  );
});
