import * as z from 'zod';
import { Address, Arn, CommonEnvironment, ConsoleUrl, TableName, VAULT_PLACES } from './environment.ts';

export const ConsoleEnvironment = CommonEnvironment.extend({
  CONSOLE_URL: ConsoleUrl,
  /** Exactly the `iss` of ID tokens. */
  OIDC_ISSUER: z.string().min(1),
  OIDC_AUTHORIZATION_ENDPOINT: Address,
  OIDC_TOKEN_ENDPOINT: Address,
  OIDC_JWKS_URI: Address,
  OIDC_CLIENT_ID: z.string().min(1),
  /** JSON `{ clientSecret?, slackSigningSecret? }`. */
  CONSOLE_SECRET_ARN: Arn.optional(),
  SLACK_TEAM_ID: z.string().optional(),
  SLACK_APP_ID: z.string().optional(),
  NOTIFIER_FUNCTION: Arn,
  SWEEPER_FUNCTION: Arn,
  GRANTS_TABLE: TableName,
  AUDIT_TABLE: TableName,
  ...VAULT_PLACES,
});

export type ConsoleEnvironment = z.input<typeof ConsoleEnvironment>;
