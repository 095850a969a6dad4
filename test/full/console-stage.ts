import { chmodSync, cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Browser, BrowserContext, BrowserContextOptions, Page } from 'playwright-core';
import { signInAs } from '../../bin/browser-sign-in.ts';
import { launchChromium } from '../../bin/chromium.ts';
import { type ConsoleSample, openConsoleSample } from '../../bin/console-sample.ts';
import type { PersonName } from '../../examples/people/people.ts';
import { type LocalCertificate, localCertificate } from '../../local/certificates.ts';
import { type LocalStack, startStack } from '../../local/stack.ts';

/** The whole product with somebody at a real browser. */
export interface ConsoleStage {
  readonly stack: LocalStack;
  readonly browser: Browser;
  readonly sample: ConsoleSample;
  /** The browsers trust it, so that somebody else on this machine can be as secure as we are. */
  readonly certificate: LocalCertificate;
  /** A browser of their own, signed in and at the page that a link leads to. */
  open(url: string, person: PersonName, options?: BrowserContextOptions): Promise<Page>;
  /** A browser in which nobody is signed in, watched as the others are. */
  stranger(options?: BrowserContextOptions): Promise<BrowserContext>;
  /** Where requests of any watched browser went, as origins. */
  readonly origins: ReadonlySet<string>;
  /** What any watched browser complained about: errors, warnings, violations of a policy. */
  readonly complaints: readonly string[];
  stop(): Promise<void>;
}

export const PHONE: BrowserContextOptions = {
  viewport: { width: 360, height: 740 },
  isMobile: true,
  hasTouch: true,
};

/** Chromium says this of each page that is not a 2xx, and of no mistake. */
const STATUS_NOTE = /^Failed to load resource: the server responded with a status of 4\d\d/;

export const startConsoleStage = async (): Promise<ConsoleStage> => {
  const dataDir = mkdtempSync(join(tmpdir(), 'latchkey-browser-'));
  // The user that PostgreSQL runs as must be able to go through.
  chmodSync(dataDir, 0o711);
  const stack = await startStack({ dataDir: join(dataDir, 'data'), configDir: emergencyConfig(dataDir) });
  const browser = await launchChromium(stack.certPem);
  const origins = new Set<string>();
  const complaints: string[] = [];
  const stranger = async (options: BrowserContextOptions = {}) => {
    const context = await browser.newContext({ viewport: { width: 1280, height: 900 }, ...options });
    context.on('request', (request) => origins.add(new URL(request.url()).origin));
    context.on('weberror', (error) => complaints.push(error.error().message));
    context.on('console', (message) => {
      const isComplaint = ['error', 'warning'].includes(message.type()) && !STATUS_NOTE.test(message.text());
      if (isComplaint) complaints.push(`${message.type()}: ${message.text()}`);
    });
    return context;
  };
  return {
    stack,
    browser,
    sample: await openConsoleSample(stack),
    certificate: await localCertificate(join(dataDir, 'data')),
    stranger,
    async open(url, person, options) {
      const page = await (await stranger(options)).newPage();
      await page.goto(url);
      await signInAs(page, stack, person);
      return page;
    },
    origins,
    complaints,
    async stop() {
      await browser.close();
      await stack.stop();
      rmSync(dataDir, { recursive: true, force: true });
      for (const { directory } of stack.servers.values()) rmSync(directory, { recursive: true, force: true });
    },
  };
};

/** The sample, in which jonas.weber may also go ahead alone in an emergency. */
const emergencyConfig = (dataDir: string): string => {
  const directory = join(dataDir, 'config');
  cpSync('config', directory, { recursive: true });
  const file = join(directory, 'principals.yaml');
  const groups = 'groups: [database-admins, finance]';
  const text = readFileSync(file, 'utf8');
  if (!text.includes(groups)) throw new Error(`${file} has no ${groups}`);
  writeFileSync(file, text.replace(groups, 'groups: [database-admins, finance, incident-leads]'));
  return directory;
};

/** Makes every session that has begun so much older, as if the people had been away. */
export const ageSessions = async ({ aws, tables }: LocalStack, seconds: number): Promise<number> => {
  const { Items: items = [] } = (await aws.dynamo.call('Scan', { TableName: tables.grants })) as {
    Items?: { pk: { S: string }; state?: { S: string }; body?: { S: string } }[];
  };
  const begun = items.filter(({ pk, state }) => pk.S.startsWith('SESSION#') && state?.S === 'begun');
  for (const item of begun) {
    const session = JSON.parse(item.body?.S ?? '');
    const older = { ...session, authenticatedAt: session.authenticatedAt - seconds * 1_000 };
    await aws.dynamo.call('PutItem', {
      TableName: tables.grants,
      Item: { ...item, body: { S: JSON.stringify(older) } },
    });
  }
  return begun.length;
};
