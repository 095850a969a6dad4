import * as z from 'zod';
import type { ConfigError } from './config-error.ts';
import { RoleArn } from './resource-section.ts';

const SecretArn = z
  .string()
  .regex(/^arn:aws(-us-gov)?:secretsmanager:[a-z0-9-]+:[0-9]{12}:secret:[\w/+=.@-]{1,512}-[A-Za-z0-9]{6}$/, {
    error: 'must be the whole ARN of a secret, with the six characters at its end.',
  });

/** How users of grants, and our administrator, prove who they are to a database. */
export const AUTH_FIELDS = {
  auth: z.enum(['iam', 'password']).default('iam'),
  roleArn: RoleArn.optional(),
  adminSecretArn: SecretArn.optional(),
};

interface Auth {
  readonly account: string;
  readonly region: string;
  readonly auth: 'iam' | 'password';
  readonly roleArn?: string | undefined;
  readonly adminSecretArn?: string | undefined;
}

/** Exactly what its way needs, so that nobody believes in a role that signs nothing or a secret that nobody reads. */
export const authMistakes = (target: Auth): readonly ConfigError[] => {
  const [needed, idle] =
    target.auth === 'iam'
      ? (['roleArn', 'adminSecretArn'] as const)
      : (['adminSecretArn', 'roleArn'] as const);
  const lacks = target[needed] === undefined;
  const strays = target[idle] !== undefined;
  return [
    ...(lacks
      ? [{ path: `target.${needed}`, message: `"${needed}" is missing: "auth: ${target.auth}" needs it.` }]
      : []),
    ...(strays
      ? [
          {
            path: `target.${idle}`,
            message: `"${idle}" has no use with "auth: ${target.auth}": take it away.`,
          },
        ]
      : []),
    ...placeMistakes(target),
  ];
};

/** Read and replaced through the endpoint of Secrets Manager that is beside the database. */
const placeMistakes = ({ adminSecretArn, account, region }: Auth): readonly ConfigError[] => {
  if (adminSecretArn === undefined) return [];
  const [, , , at, of] = adminSecretArn.split(':');
  return at === region && of === account
    ? []
    : [
        {
          path: 'target.adminSecretArn',
          message: `"adminSecretArn" must be a secret in ${region} of account ${account}, where the database is.`,
        },
      ];
};
