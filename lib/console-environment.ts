import type { ConsoleEnvironment } from '../lambdas/functions/console.env.ts';
import type { NotifierEnvironment } from '../lambdas/functions/notifier.env.ts';
import type { Settings } from './settings.ts';

type FromSettings =
  | 'CONSOLE_URL'
  | `OIDC_${'ISSUER' | 'AUTHORIZATION_ENDPOINT' | 'TOKEN_ENDPOINT' | 'JWKS_URI' | 'CLIENT_ID'}`
  | 'CONSOLE_SECRET_ARN'
  | 'SLACK_TEAM_ID'
  | 'SLACK_APP_ID';

/** What settings say to the console. What they leave out is no variable, rather than an empty one. */
export const consoleEnvironment = ({
  console: { url, oidc, secretArn },
  notifications: { slack },
}: Settings): Pick<ConsoleEnvironment, FromSettings> => ({
  CONSOLE_URL: url,
  OIDC_ISSUER: oidc.issuer,
  OIDC_AUTHORIZATION_ENDPOINT: oidc.authorizationEndpoint,
  OIDC_TOKEN_ENDPOINT: oidc.tokenEndpoint,
  OIDC_JWKS_URI: oidc.jwksUri,
  OIDC_CLIENT_ID: oidc.clientId,
  ...(secretArn ? { CONSOLE_SECRET_ARN: secretArn } : {}),
  ...(slack ? { SLACK_TEAM_ID: slack.teamId, SLACK_APP_ID: slack.appId } : {}),
});

/** What settings say to the notifier: whom it can tell, and how. */
export const noticeEnvironment = ({
  secretArn,
  slack,
  snsTopicArn,
  webhookUrl,
}: Settings['notifications']): Omit<NotifierEnvironment, 'CONSOLE_URL' | 'GRANTS_TABLE'> => ({
  ...(secretArn ? { NOTIFIER_SECRET_ARN: secretArn } : {}),
  ...(slack ? { SLACK_TEAM_ID: slack.teamId, SLACK_APP_ID: slack.appId } : {}),
  ...(slack?.apiUrl ? { SLACK_API_URL: slack.apiUrl } : {}),
  ...(snsTopicArn ? { SNS_TOPIC_ARN: snsTopicArn } : {}),
  ...(webhookUrl ? { WEBHOOK_URL: webhookUrl } : {}),
});
