import * as z from 'zod';
import {
  APPROVAL_WAIT_SECONDS,
  DESCRIPTION_MAX_CHARACTERS,
  EXTERNAL_ID_MAX_CHARACTERS,
  EXTERNAL_ID_MIN_CHARACTERS,
  GRANT_MAX_SECONDS,
  GRANT_MIN_SECONDS,
  REMIND_AFTER_MIN_SECONDS,
  RESOURCE_ID_MAX_CHARACTERS,
} from '../limits.ts';
import type { ConfigError } from './config-error.ts';
import { SlackChannel } from './slack-section.ts';

export const Id = z
  .string()
  .max(RESOURCE_ID_MAX_CHARACTERS)
  .regex(/^[a-z][a-z0-9]*(-[a-z0-9]+)*$/, {
    error: 'must be lower-case words with dashes, beginning with a letter.',
  });

export const Description = z
  .string()
  .max(DESCRIPTION_MAX_CHARACTERS)
  .refine((text) => text.trim() !== '' && !/\p{C}|\p{Zl}|\p{Zp}/u.test(text), {
    message: 'must be one line of text.',
  });

export const Account = z
  .string()
  .regex(/^[0-9]{12}$/, { error: 'must be the 12 digits of an AWS account, in quotes.' });
export const Region = z
  .string()
  .regex(/^[a-z]{2}(-[a-z]+)+-[0-9]$/, { error: 'must be a region such as eu-central-1.' });
export const RoleArn = z
  .string()
  .regex(/^arn:aws(-us-gov)?:iam::[0-9]{12}:role\/([\w+=,.@-]+\/)*[\w+=,.@-]{1,64}$/, {
    error: 'must be the ARN of an IAM role.',
  });
/** Shown to AWS whenever the role is assumed, so that nobody else has us assume it. */
export const ExternalId = z
  .string()
  .min(EXTERNAL_ID_MIN_CHARACTERS)
  .max(EXTERNAL_ID_MAX_CHARACTERS)
  .regex(/^[\w+=,.@:/-]+$/, { error: 'must be letters, digits and any of _+=,.@:/-' });
/** What is reached in an account is reached by roles of that account. */
export const rolesOfAccountMistakes = (target: {
  readonly account: string;
  readonly roleArn?: string | undefined;
  readonly administratorRoleArn?: string | undefined;
}): readonly ConfigError[] =>
  (['roleArn', 'administratorRoleArn'] as const).flatMap((path) => {
    const account = target[path]?.split(':')[4];
    return account === undefined || account === target.account
      ? []
      : [{ path, message: `"${path}" must be a role of "account".` }];
  });

export const Port = z.int().min(1).max(65_535);

export const Ca = z.union([z.string().min(1), z.strictObject({ file: z.string().min(1) })], {
  error: 'must be "rds", certificates in PEM form, or "file:" with the name of a PEM file beside this one.',
});

/** How people are asked about requests for it. */
const Approvals = z.strictObject({
  slackChannel: SlackChannel.optional(),
  remindAfterSeconds: z.int().min(REMIND_AFTER_MIN_SECONDS).max(APPROVAL_WAIT_SECONDS).optional(),
});

/** What can be asked of it, each once. */
export const actionsOf = <const Action extends string>(actions: readonly [Action, ...Action[]]) =>
  z
    .array(z.enum(actions))
    .min(1)
    .refine((listed) => new Set(listed).size === listed.length, {
      message: 'must not say anything twice.',
    });

/** What every kind of resource says of itself. */
export const COMMON_FIELDS = {
  id: Id,
  description: Description,
  env: z.string(),
  maxDurationSeconds: z.int().min(GRANT_MIN_SECONDS).max(GRANT_MAX_SECONDS),
  approvals: Approvals.optional(),
};
