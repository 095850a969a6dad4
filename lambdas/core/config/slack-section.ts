import * as z from 'zod';
import type { ConfigError } from './config-error.ts';
import type { PrincipalEntry } from './issuer.ts';

const slackId = (letters: string, example: string) =>
  z.string().regex(new RegExp(`^[${letters}][A-Z0-9]{2,20}$`), {
    error: `must be an id of Slack, such as ${example}: names change hands, ids do not.`,
  });

/** Which member of which workspace a person is. Said here by an administrator, and never concluded from an address of e-mail. */
export const SlackIdentity = z.strictObject({
  team: slackId('T', 'T0123ABCD'),
  user: slackId('UW', 'U0123ABCD'),
});

export const SlackChannel = slackId('CG', 'C0123ABCD');

/** A press on a button counts as this person's word, so it must be one person's alone, and one that signs in as somebody. */
export const slackMistakes = (
  entry: PrincipalEntry,
  entries: readonly PrincipalEntry[],
): readonly ConfigError[] => {
  const { slack } = entry;
  if (slack === undefined) return [];
  if (entry.type !== 'human')
    return [{ path: 'slack', message: `"slack" is for people: take it away from the ${entry.type}.` }];
  const first = entries.findIndex(
    (other) => other.slack?.team === slack.team && other.slack.user === slack.user,
  );
  if (entries[first] === entry) return [];
  const message = `"user" is principals[${first}] already: one member of Slack is one person.`;
  return [{ path: 'slack.user', message }];
};

/** A sign-in tells the issuer and the subject; by claims alone it could be anybody of a team who decides. */
export const personMistakes = ({ type, subject }: PrincipalEntry): readonly ConfigError[] =>
  type === 'human' && subject === undefined
    ? [{ path: 'subject', message: '"subject" is missing: a person is known by it when they sign in.' }]
    : [];
