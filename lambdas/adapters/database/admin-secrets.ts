import { createHash } from 'node:crypto';
import {
  GetSecretValueCommand,
  PutSecretValueCommand,
  SecretsManagerClient,
  UpdateSecretVersionStageCommand,
} from '@aws-sdk/client-secrets-manager';
import * as z from 'zod';
import { DependencyUnavailable } from '../../app/ports.ts';
import type { EpochMs } from '../../core/time.ts';
import { AWS_CLIENT_SETTINGS } from '../aws-client-settings.ts';

/** One version of an administrator's secret. */
export interface AdminPassword {
  readonly password: string;
  readonly versionId: string;
  readonly createdAt: EpochMs;
}

/** `AWSCURRENT` is what holds; `AWSPENDING` what is about to, or what a replacement that was cut short had got to. */
export type Stage = 'AWSCURRENT' | 'AWSPENDING';

/** Secrets of administrators in Secrets Manager. What is away, or of another form, is `DependencyUnavailable`, which never quotes it. */
export interface AdminSecrets {
  read(arn: string, stage: Stage): Promise<AdminPassword | undefined>;
  /** As pending; answers its version. Of each version there can be one successor, whoever proposes it: a second one is refused. */
  propose(arn: string, change: { readonly from: string; readonly password: string }): Promise<string>;
  /** Makes a version the current one, provided that `from` still is. */
  promote(arn: string, change: { readonly from: string; readonly to: string }): Promise<void>;
}

const Content = z.looseObject({ password: z.string().min(20) });

export const adminSecrets = (): AdminSecrets => {
  const client = new SecretsManagerClient(AWS_CLIENT_SETTINGS);
  return {
    async read(SecretId, VersionStage) {
      const command = new GetSecretValueCommand({ SecretId, VersionStage });
      const found = await client.send(command).catch((error: unknown) => {
        // No version is pending: how it is all the time but for an instant.
        if (VersionStage === 'AWSPENDING' && isMissing(error)) return undefined;
        throw new DependencyUnavailable('secrets', error);
      });
      return found && parse(found);
    },
    async propose(SecretId, { from, password }) {
      const SecretString = JSON.stringify({ password });
      const command = new PutSecretValueCommand({
        SecretId,
        SecretString,
        ClientRequestToken: createHash('sha256').update(`the successor of ${from}`).digest('hex'),
        VersionStages: ['AWSPENDING'],
      });
      const { VersionId } = await client.send(command).catch(fail);
      return VersionId ?? fail(new Error('a version without an id'));
    },
    async promote(SecretId, { from, to }) {
      const command = new UpdateSecretVersionStageCommand({
        SecretId,
        VersionStage: 'AWSCURRENT',
        MoveToVersionId: to,
        RemoveFromVersionId: from,
      });
      await client.send(command).catch(fail);
    },
  };
};

const fail = (error: unknown): never => {
  throw new DependencyUnavailable('secrets', error);
};

const isMissing = (error: unknown): boolean =>
  error instanceof Error && error.name === 'ResourceNotFoundException';

const parse = (found: {
  readonly SecretString?: string | undefined;
  readonly VersionId?: string | undefined;
  readonly CreatedDate?: Date | undefined;
}): AdminPassword => {
  const content = Content.safeParse(jsonOf(found.SecretString ?? ''));
  if (!content.success || !found.VersionId || !found.CreatedDate)
    return fail(new Error('not of the expected form'));
  return {
    password: content.data.password,
    versionId: found.VersionId,
    createdAt: found.CreatedDate.getTime(),
  };
};

/** The errors of parsers quote what they read, so none is passed on. */
const jsonOf = (text: string): unknown => {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
};
