import * as z from 'zod';
import type { ConfigError } from './config-error.ts';
import { ExternalId, RoleArn, rolesOfAccountMistakes } from './resource-section.ts';

const SecretArn = z
  .string()
  .regex(/^arn:aws(-us-gov)?:secretsmanager:[a-z0-9-]+:[0-9]{12}:secret:[\w/+=.@-]{1,512}-[A-Za-z0-9]{6}$/, {
    error: 'must be the whole ARN of a secret, with the six characters at its end.',
  });

/** How users of grants, and our administrator, prove who they are to a database. */
export const AUTH_FIELDS = {
  auth: z.enum(['iam', 'password']).default('iam'),
  roleArn: RoleArn.optional(),
  administratorRoleArn: RoleArn.optional(),
  externalId: ExternalId.optional(),
  adminSecretArn: SecretArn.optional(),
};

interface Auth {
  readonly account: string;
  readonly region: string;
  readonly auth: 'iam' | 'password';
  readonly roleArn?: string | undefined;
  readonly administratorRoleArn?: string | undefined;
  readonly externalId?: string | undefined;
  readonly adminSecretArn?: string | undefined;
}

/** Exactly what its way needs, so that nobody believes in a role that signs nothing or a secret that nobody reads. */
export const authMistakes = (target: Auth): readonly ConfigError[] => {
  const needed = target.auth === 'iam' ? 'roleArn' : 'adminSecretArn';
  const idle = IDLE[target.auth].filter((key) => target[key] !== undefined);
  const lacks = target[needed] === undefined;
  return [
    ...(lacks
      ? [{ path: `target.${needed}`, message: `"${needed}" is missing: "auth: ${target.auth}" needs it.` }]
      : []),
    ...idle.map((key) => ({
      path: `target.${key}`,
      message: `"${key}" has no use with "auth: ${target.auth}": take it away.`,
    })),
    ...administratorMistakes(target),
    ...placeMistakes(target),
  ];
};

const IDLE = {
  iam: ['adminSecretArn'],
  password: ['roleArn', 'administratorRoleArn', 'externalId'],
} as const;

/** What signs for users of grants must never sign for the administrator. */
const administratorMistakes = (target: Auth): readonly ConfigError[] => {
  const { account, administratorRoleArn, roleArn, externalId } = target;
  if (administratorRoleArn === undefined) return [];
  return [
    ...rolesOfAccountMistakes({ account, administratorRoleArn }).map(({ path, message }) => ({
      path: `target.${path}`,
      message,
    })),
    ...(externalId === undefined
      ? [
          {
            path: 'target.externalId',
            message: '"externalId" is missing: "administratorRoleArn" needs it.',
          },
        ]
      : []),
    ...(administratorRoleArn === roleArn
      ? [
          {
            path: 'target.administratorRoleArn',
            message: '"administratorRoleArn" must be another role than "roleArn".',
          },
        ]
      : []),
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
