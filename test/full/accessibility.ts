import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import type { Browser, BrowserContextOptions, Page } from 'playwright-core';

const ENGINE = readFileSync(
  createRequire(import.meta.url).resolve('accessibility-checker-engine/ace-window.js'),
  'utf8',
);
/** The newest that the engine has. */
const RULES = 'WCAG_2_2';

/** What a rule found: a violation, or a question whose answer a person has to give. */
export interface Finding {
  readonly rule: string;
  readonly isCertain: boolean;
  readonly message: string;
  readonly snippet: string;
}

interface Issue {
  readonly ruleId: string;
  readonly value: readonly [string, string];
  readonly message: string;
  readonly snippet: string;
}

/**
 * IBM's rules for WCAG 2.2 on a page as it stands. The engine is a script, which the pages' own policy would not let run,
 * so a copy of the page is looked at in a context without that policy. Nothing else is tested there.
 */
export const checkAccessibility = async (
  browser: Browser,
  page: Page,
  options: BrowserContextOptions,
): Promise<readonly Finding[]> => {
  const context = await browser.newContext({
    ...options,
    bypassCSP: true,
    storageState: await page.context().storageState(),
  });
  try {
    const copy = await context.newPage();
    await copy.goto(page.url());
    // Addresses that take forms only show what they show to a GET; what stands on the page is what is to be checked.
    await copy.setContent(await page.content());
    for (const details of await copy.locator('details').all())
      await details.evaluate((element) => element.setAttribute('open', ''));
    await copy.evaluate(ENGINE);
    const issues = await copy.evaluate<readonly Issue[]>(
      `new ace.Checker().check(document, ['${RULES}']).then(({ results }) => results.map(
        ({ ruleId, value, message, snippet }) => ({ ruleId, value, message, snippet })))`,
    );
    if (issues.length === 0) throw new Error('no rule was asked');
    return issues.flatMap(findingOf);
  } finally {
    await context.close();
  }
};

/** A pair as the engine says it: what kind of rule, and whether it passed, failed, or may have. */
const findingOf = ({ ruleId: rule, value, message, snippet }: Issue): readonly Finding[] => {
  const [kind, outcome] = value;
  if (outcome === 'PASS' || kind === 'RECOMMENDATION' || kind === 'INFORMATION') return [];
  return [{ rule, isCertain: outcome === 'FAIL', message, snippet }];
};
