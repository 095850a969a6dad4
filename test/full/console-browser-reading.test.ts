import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { BrowserContextOptions, Page } from 'playwright-core';
import { createApiClient, type Wire } from '../../bin/api-client.ts';
import { PAY } from '../../bin/console-sample.ts';
import { expect } from '../../bin/expect-status.ts';
import type { LocalStack } from '../../local/stack.ts';
import { checkAccessibility, type Finding } from './accessibility.ts';
import { type ConsoleStage, PHONE, startConsoleStage } from './console-stage.ts';
import { measure } from './page-measures.ts';

let stage: ConsoleStage;
/** The address of each kind of page. */
let pages: Readonly<Record<string, string>>;
before(async () => {
  stage = await startConsoleStage();
  const { sample, stack } = stage;
  const long = `UPDATE invoices SET iban = '${'DE89370400440532013000'.repeat(20)}' WHERE id IN (${'1234567890, '.repeat(60)}1)`;
  const [run, login, plan, decided, wide] = [
    await sample.askRun(),
    await sample.askLogin(),
    await sample.askPlan([PAY, { sql: 'UPDATE invoices SET paid = true WHERE id = 30' }]),
    await sample.askRun(),
    await sample.askRun({ sql: long }),
  ];
  const page = await stage.open(decided.url, 'ana.silva');
  await page.getByRole('button', { name: 'Deny' }).click();
  await page.context().close();
  pages = {
    run: run.url,
    login: login.url,
    plan: plan.url,
    decided: decided.url,
    'a long statement': wide.url,
    inbox: `${stack.consoleUrl}/console`,
    'live grants': `${stack.consoleUrl}/console/grants`,
    containments: `${stack.consoleUrl}/console/containments`,
    'one containment': `${stack.consoleUrl}/console/containments/${await placed(stack)}`,
    message: `${stack.consoleUrl}/console/approvals/a_${'0'.repeat(20)}_${'0'.repeat(32)}`,
  };
});
after(() => stage.stop());

/** Of nobody, by somebody else than whoever looks at it, who is shown the form that lifts it. */
const placed = async ({ baseUrl, getPersonToken }: LocalStack): Promise<string> => {
  const ana = createApiClient(baseUrl, await getPersonToken('ana.silva'));
  const stop = { scope: 'principal', key: '0'.repeat(32), why: 'An <exercise> of the whole team.' };
  return expect(await ana.post<Wire['ContainmentView']>('/v1/containments', stop), 201).body.id;
};

const DESKTOP: BrowserContextOptions = { viewport: { width: 1280, height: 900 } };
const LOOKS: Readonly<Record<string, BrowserContextOptions>> = {
  'desktop, light': { ...DESKTOP, colorScheme: 'light' },
  'desktop, dark': { ...DESKTOP, colorScheme: 'dark' },
  'phone, light': { ...PHONE, colorScheme: 'light' },
  'phone, dark': { ...PHONE, colorScheme: 'dark' },
};

/** Every page in every look, by somebody who may decide; jonas.weber is shown the most forms. */
const everyPage = async (
  see: (page: Page, name: string, options: BrowserContextOptions) => Promise<void>,
) => {
  for (const [look, options] of Object.entries(LOOKS)) {
    const page = await stage.open(pages.run ?? '', 'jonas.weber', options);
    for (const [name, url] of Object.entries(pages)) {
      await page.goto(url);
      for (const details of await page.locator('details').all())
        await details.evaluate((element) => element.setAttribute('open', ''));
      await see(page, `${name} (${look})`, options);
    }
    await page.context().close();
  }
};

/** What the engine asks a person about, and the answer; by rule, and by what it was asked about. */
const ANSWERED: readonly { readonly rule: string; readonly about: RegExp; readonly because: string }[] = [
  {
    rule: 'style_color_misuse',
    about: /^<style>/,
    because: 'asked of every stylesheet; each state, mark and difference is said in words too',
  },
  {
    rule: 'element_tabbable_visible',
    about: /^<a [^>]*class="skip"/,
    because: 'the link to the content shows while it has the focus, which the test of the keyboard sees',
  },
  {
    rule: 'style_focus_visible',
    about: /^<(button|textarea|summary|input|a)\b/,
    because: 'asked wherever a border is styled; the test of the keyboard measures the outline of each stop',
  },
  {
    rule: 'input_label_visible',
    about: /^<textarea /,
    because: 'the rule knows labels of inputs and not of text areas; each has a label that shows',
  },
];

const isAnswered = ({ rule, isCertain, snippet }: Finding): boolean =>
  !isCertain && ANSWERED.some((one) => one.rule === rule && one.about.test(snippet));

test('no page has a fault by WCAG 2.2, in light and in dark, on a desktop and on a phone', async (t) => {
  let count = 0;
  const faults = new Map<string, string>();
  await everyPage(async (page, name, options) => {
    count += 1;
    for (const finding of await checkAccessibility(stage.browser, page, options))
      if (!isAnswered(finding))
        faults.set(`${finding.rule} ${finding.snippet}`, `${name}: ${finding.message}`);
  });
  assert.deepEqual([...faults], []);
  for (const { rule, because } of ANSWERED) t.diagnostic(`${rule}: ${because}`);
  t.diagnostic(`${count} pages`);
});

test('the checker finds what is wrong', async () => {
  const page = await (await stage.stranger()).newPage();
  await page.setContent(
    '<html><body><main><input><p style="color: #ccc; background: #fff">pale</p></main></body></html>',
  );
  const rules = (await checkAccessibility(stage.browser, page, DESKTOP)).map(({ rule }) => rule);
  for (const rule of ['input_label_exists', 'text_contrast_sufficient', 'html_lang_exists'])
    assert.ok(rules.includes(rule), `${rule}: ${rules}`);
});

test('nothing scrolls sideways, targets can be hit with a finger, and text can be read and stands out', async () => {
  await everyPage(async (page, name) => {
    const { scrollWidth, clientWidth, small, tiny, faint } = await measure(page);
    assert.ok(scrollWidth <= clientWidth, `${name} is ${scrollWidth} wide, of ${clientWidth}`);
    assert.deepEqual(small, [], name);
    assert.deepEqual(tiny, [], name);
    assert.deepEqual(faint, [], name);
  });
});

test('the measures find what is wrong', async () => {
  const page = await (await stage.stranger(PHONE)).newPage();
  await page.setContent(
    '<meta name="viewport" content="width=device-width"><p style="width: 900px; font-size: 9px; color: #999">x</p><a href="/" style="font-size: 12px; display: block; height: 12px">y</a>',
  );
  const { scrollWidth, clientWidth, small, tiny, faint } = await measure(page);
  assert.ok(scrollWidth > clientWidth);
  assert.deepEqual([small.length, tiny.length, faint.length], [1, 1, 1]);
});

test('landmarks, headings and names are what a screen reader needs', async () => {
  const page = await stage.open(pages.run ?? '', 'jonas.weber');
  const tree = await page.locator('body').ariaSnapshot();
  for (const part of [
    /- banner:/,
    /- navigation "Console":/,
    /- main:/,
    /- 'heading "Run one statement: write" \[level=1\]'/,
    /- form "Deny"/,
    /- form "Approve"/,
    /- region "What is asked for":/,
    /- region "Who asks":/,
    /- region "Your decision":/,
    /- contentinfo:/,
    /- textbox "Why not"/,
    /- textbox "Note"/,
    /- button "Deny"/,
    /- button "Approve what is shown above"/,
    /- button "Sign out"/,
  ])
    assert.match(tree, part);
  const levels = [...tree.matchAll(/\[level=(\d)\]/g)].map(([, level]) => Number(level));
  for (const [index, level] of levels.entries())
    assert.ok(level <= (levels[index - 1] ?? 0) + 1, `level ${level} at ${index}`);
  assert.equal(levels.filter((level) => level === 1).length, 1);
  assert.doesNotMatch(tree, /- (button|link|textbox|radio|spinbutton)(:|$)/m, 'everything has a name');
});

/** What has the focus: what it is, and whether that shows. */
const focused = (page: Page) =>
  page.evaluate<{ name: string; outline: string; isSeen: boolean }>(`(() => {
    const element = document.activeElement;
    const { outlineStyle, outlineWidth } = getComputedStyle(element);
    const box = element.getBoundingClientRect();
    return {
      name: (element.labels?.[0]?.innerText ?? element.innerText ?? '').trim() || element.tagName,
      outline: outlineStyle + ' ' + outlineWidth,
      isSeen: box.width > 1 && box.bottom > 0 && box.right > 0 && box.top < innerHeight && box.left < innerWidth,
    };
  })()`);

test('with the keyboard alone: from the link to the decision, and every stop shows', async () => {
  const { id, url } = await stage.sample.askRun();
  const page = await stage.open(url, 'jonas.weber');
  const { keyboard } = page;
  const stops: string[] = [];
  const tab = async (key = 'Tab') => {
    await keyboard.press(key);
    const stop = await focused(page);
    assert.equal(stop.outline, 'solid 3px', stop.name);
    assert.ok(stop.isSeen, `${stop.name} is out of sight`);
    stops.push(stop.name);
    return stop.name;
  };
  assert.equal(await tab(), 'Skip to the content');
  await keyboard.press('Enter');
  assert.equal(await tab(), 'To your decision: deny or approve');
  await keyboard.press('Enter');
  assert.equal(await tab(), 'Why not');
  await keyboard.type('one line');
  await keyboard.press('Enter');
  await keyboard.type('another');
  assert.equal(await page.getByLabel('Why not').inputValue(), 'one line\nanother');
  assert.equal(await tab(), 'Deny');
  assert.equal(await tab(), 'Note');
  assert.equal(await tab('Shift+Tab'), 'Deny');
  await tab();
  assert.equal(await tab(), 'Approve what is shown above');
  const emergency = await tab();
  assert.match(emergency, /Emergency/);
  await keyboard.press('Space');
  assert.equal(await tab(), 'What the emergency is');
  for (const name of [emergency, 'Approve what is shown above']) assert.equal(await tab('Shift+Tab'), name);
  assert.equal(page.url().split('#')[0], url, 'nothing was sent so far');
  await keyboard.press('Enter');
  await page.getByRole('heading', { level: 1, name: 'Approved' }).waitFor();
  assert.equal(
    (await stage.sample.crew.get<{ state: string }>(`/v1/runs/${id}?wait=20`)).body.state,
    'succeeded',
  );
  assert.ok(stops.length > 8);
});

test('Enter in a field of one line sends nothing', async () => {
  const page = await stage.open(pages.login ?? '', 'ana.silva');
  await page.getByLabel('For how many seconds').press('Enter');
  await page.getByRole('radio').first().press('Enter');
  await page.waitForTimeout(300);
  assert.equal(page.url(), pages.login);
  assert.equal(await page.getByRole('button', { name: 'Approve what is shown above' }).count(), 1);
});

test('signing in takes the keyboard alone too', async () => {
  const page = await (await stage.stranger()).newPage();
  await page.goto(pages.run ?? '');
  await page.keyboard.press('Tab');
  await page.keyboard.type('ana');
  await page.keyboard.press('Tab');
  await page.keyboard.type(stage.stack.issuer.passwordOf('ana.silva'));
  await page.keyboard.press('Enter');
  await page.waitForURL(pages.run ?? '');
  assert.match(await page.innerText('header'), /ana\.silva/);
});

test('in all this no browser complained', () => {
  assert.deepEqual(stage.complaints, []);
});
