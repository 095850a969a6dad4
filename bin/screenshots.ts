import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { Browser, BrowserContextOptions } from 'playwright-core';
import type { PersonName } from '../examples/people/people.ts';
import { type LocalStack, startStack } from '../local/stack.ts';
import { signInAs } from './browser-sign-in.ts';
import { CHROMIUM_MISSING, findChromium, launchChromium } from './chromium.ts';
import { openConsoleSample } from './console-sample.ts';
import { Mistakes, runCommand } from './mistakes.ts';

const DATA_DIR = '.latchkey/screenshots';
const IMAGES = 'docs/images';
const DESKTOP = { viewport: { width: 960, height: 1060 } };
const PHONE: BrowserContextOptions = {
  viewport: { width: 360, height: 740 },
  deviceScaleFactor: 2,
  isMobile: true,
  hasTouch: true,
  colorScheme: 'dark',
};

/** `npm run screenshots`: the pictures of the README, from the product as it runs here and always the same sample. */
const main = async (): Promise<void> => {
  if ((await findChromium()) === undefined)
    throw new Mistakes([{ file: 'Chromium', path: '', message: CHROMIUM_MISSING }]);
  rmSync(DATA_DIR, { recursive: true, force: true });
  mkdirSync(IMAGES, { recursive: true });
  const stack = await startStack({ dataDir: DATA_DIR, onProgress: (what) => console.log(`${what} …`) });
  const browser = await launchChromium(stack.certPem);
  try {
    await takeAll(stack, browser);
  } finally {
    await browser.close();
    await stack.stop();
    const files = [...stack.servers.values()].map(({ directory }) => directory);
    for (const left of [DATA_DIR, ...files]) rmSync(left, { recursive: true, force: true });
  }
};

const takeAll = async (stack: LocalStack, browser: Browser): Promise<void> => {
  const sample = await openConsoleSample(stack);
  const { url } = await sample.askRun();
  const take = picturesOf(stack, browser);
  await untilToldOnSlack(stack);
  await take('slack', stack.slack.url, { viewport: { width: 760, height: 640 } });
  await take('approval', url, DESKTOP);
  await take('approval-phone', url, PHONE);
  await sample.askLogin();
  await take('inbox', `${stack.consoleUrl}/console`, { viewport: { width: 960, height: 760 } });
  await take('live-grants', `${stack.consoleUrl}/console/grants`, { viewport: { width: 960, height: 760 } });
};

const picturesOf =
  (stack: LocalStack, browser: Browser, person: PersonName = 'ana.silva') =>
  async (name: string, url: string, options: BrowserContextOptions): Promise<void> => {
    const context = await browser.newContext({ colorScheme: 'light', locale: 'en-GB', ...options });
    const page = await context.newPage();
    await page.goto(url);
    if (page.url().startsWith(stack.issuer.issuer)) await signInAs(page, stack, person);
    await page.screenshot({ path: join(IMAGES, `${name}.png`) });
    await context.close();
    console.log(`${IMAGES}/${name}.png`);
  };

const untilToldOnSlack = async ({ slack }: LocalStack): Promise<void> => {
  for (const until = Date.now() + 30_000; slack.messages().length === 0; ) {
    if (Date.now() > until) throw new Error('nobody was told on Slack');
    await new Promise((done) => setTimeout(done, 100));
  }
};

await runCommand(main);
