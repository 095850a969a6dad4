import type { PrincipalEntry } from '../config/issuer.ts';

type SlackAccount = NonNullable<PrincipalEntry['slack']>;
export type SlackPerson = PrincipalEntry & { readonly subject: string };

/**
 * Which person of `principals.yaml` a user of Slack is, by the table that people review and never by an e-mail address.
 * Nobody, when two entries claim the account: who votes must not depend on the order of a file.
 */
export const findSlackPerson = (
  { team, user }: SlackAccount,
  entries: readonly PrincipalEntry[],
): SlackPerson | undefined => {
  const [person, another] = entries.filter(
    ({ slack }) => slack !== undefined && slack.team === team && slack.user === user,
  );
  if (person === undefined || another !== undefined || person.type !== 'human') return undefined;
  return person.subject === undefined ? undefined : { ...person, subject: person.subject };
};
