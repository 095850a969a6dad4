import { execFile } from 'node:child_process';
import { createHash, X509Certificate } from 'node:crypto';
import { promisify } from 'node:util';
import { type Browser, chromium } from 'playwright-core';

const run = promisify(execFile);

/** What Debian and Ubuntu call it. */
const NAMES = ['chromium', 'chromium-browser'];

export const CHROMIUM_MISSING = `needs ${NAMES.join(' or ')} (Debian, Ubuntu: \`apt-get install --no-install-recommends chromium\`).`;

/** The command that starts a Chromium on this machine, or undefined. */
export const findChromium = async (): Promise<string | undefined> => {
  for (const name of NAMES) {
    const path = await run('sh', ['-c', 'command -v "$0"', name]).then(
      ({ stdout }) => stdout.trim(),
      () => '',
    );
    if (path) return path;
  }
  return undefined;
};

/**
 * Chromium without a window. It trusts the key of this one certificate beside what it always trusts, so that pages over
 * https on loopback are as secure to it as any. Its own sandbox does not work for root, as whom pipelines run; nothing but
 * our own pages is opened.
 */
export const launchChromium = async (certPem: string): Promise<Browser> => {
  const executablePath = await findChromium();
  if (executablePath === undefined) throw new Error(`Chromium: ${CHROMIUM_MISSING}`);
  const key = new X509Certificate(certPem).publicKey.export({ type: 'spki', format: 'der' });
  const pin = createHash('sha256').update(key).digest('base64');
  return chromium.launch({ executablePath, args: [`--ignore-certificate-errors-spki-list=${pin}`] });
};
