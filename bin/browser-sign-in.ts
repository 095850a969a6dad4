import type { Page } from 'playwright-core';
import type { PersonName } from '../examples/people/people.ts';
import type { LocalStack } from '../local/stack.ts';

/** At the page of the local provider, where a link of the console has led. Ends where that link points to. */
export const signInAs = async (page: Page, stack: LocalStack, person: PersonName): Promise<void> => {
  await page.getByLabel('Name').selectOption(person);
  await page.getByLabel('Password').fill(stack.issuer.passwordOf(person));
  await page.getByRole('button', { name: 'Sign in' }).click();
  await page.waitForURL(`${stack.consoleUrl}/**`);
};
