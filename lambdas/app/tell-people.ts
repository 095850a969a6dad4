import type { Log, Notifier } from './ports.ts';

/** What happened to an approval is recorded already, so what fails here only makes people hear of it later. */
export const tellPeople = (
  { notifier, log }: { readonly notifier: Notifier; readonly log: Log },
  about: { readonly approval: string; readonly grantId: string },
): Promise<void> =>
  notifier.notify(about.approval).catch(() => log('warn', 'nobody was told', { grantId: about.grantId }));
