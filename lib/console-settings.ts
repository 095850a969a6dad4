import * as z from 'zod';
import type { ConfigError } from '../lambdas/core/config/config-error.ts';

const LOOPBACK = /^http:\/\/(127\.0\.0\.1|localhost):\d+(\/[\w-]+)*\/?$/;

const isAddress = (text: string): boolean => {
  const url = URL.parse(text);
  return (
    url?.protocol === 'https:' &&
    url.username + url.password + url.hash === '' &&
    // As it is sent, so that what is compared with it later is the same text.
    (url.href === text || url.href === `${text}/`)
  );
};

/** Of a service that we send people or secrets to. Exact, since parts of it are compared and signed. */
const Address = z
  .string()
  .refine(isAddress, 'must be an https address without a user, a password, a "#" or a space.');

const Base = Address.refine((url) => !/\/$|\?/.test(url), 'must not end with "/" nor have a query.');

export const secretArn = z
  .string()
  .regex(
    /^arn:aws[a-z-]*:secretsmanager:[a-z0-9-]+:\d{12}:secret:[\w/+=.@-]+-[A-Za-z0-9]{6}$/,
    'must be the whole ARN of a secret in Secrets Manager, with the six characters at its end.',
  );

/** How people sign in to the console. Nothing is discovered: what counts is written here and reviewed with the deploy. */
const Oidc = z.strictObject({
  /** Exactly the `iss` of its ID tokens, a trailing slash included; people of `principals.yaml` are of this issuer. */
  issuer: Address,
  authorizationEndpoint: Address,
  tokenEndpoint: Address,
  jwksUri: Address,
  clientId: z.string().min(1),
});

/** Where people decide. */
export const ConsoleSettings = z.strictObject({
  /** Where people open it, as in links: a domain of yours, or the API's own address with its stage, `https://…/live`. */
  url: Base,
  oidc: Oidc,
  /** JSON `{ "clientSecret": …, "slackSigningSecret": … }`, each where it is needed; under the account's own key for secrets. */
  secretArn: secretArn.optional(),
});

const Slack = z.strictObject({
  teamId: z.string().regex(/^T[A-Z0-9]{2,20}$/, 'must be the id of a workspace, such as T0123ABCD.'),
  appId: z.string().regex(/^A[A-Z0-9]{2,20}$/, 'must be the id of an app, such as A0123ABCD.'),
  /** Only where it is not Slack's own. */
  apiUrl: z
    .string()
    .refine(
      (url) => isAddress(url) || LOOPBACK.test(url),
      'must be an https address; http is for this machine alone.',
    )
    .optional(),
});

/** Who is told that people are asked. */
export const NotificationSettings = z.strictObject({
  /** JSON `{ "slackBotToken": …, "webhookSecret": … }`, each where it is needed; under the account's own key for secrets. */
  secretArn: secretArn.optional(),
  slack: Slack.optional(),
  /** A topic of yours that hears of every approval; not encrypted under a key of its own. */
  snsTopicArn: z
    .string()
    .regex(/^arn:aws[a-z-]*:sns:[a-z0-9-]+:\d{12}:[\w-]+$/, 'must be the ARN of an SNS topic.')
    .optional(),
  webhookUrl: Address.optional(),
});

/** What could be configured and would never work. */
export const secretMistakes = (settings: {
  readonly console: z.output<typeof ConsoleSettings>;
  readonly notifications: z.output<typeof NotificationSettings>;
}): readonly ConfigError[] => {
  const { console, notifications } = settings;
  const { slack, webhookUrl } = notifications;
  return [
    ...(slack || webhookUrl ? secretNeeded('notifications', notifications.secretArn) : []),
    // Whoever is told by Slack answers there, and only Slack's signature tells who it was.
    ...(slack ? secretNeeded('console', console.secretArn) : []),
  ];
};

const secretNeeded = (section: keyof typeof SECRETS, given: string | undefined): readonly ConfigError[] => {
  if (given !== undefined) return [];
  const message = `"secretArn" is missing: name the secret that holds ${SECRETS[section]}.`;
  return [{ path: `${section}.secretArn`, message }];
};

const SECRETS = {
  console: 'the signing secret of the Slack app',
  notifications: 'the bot token of the Slack app, or the key that calls to the webhook are signed with',
};
