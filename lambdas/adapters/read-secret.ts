import { GetSecretValueCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import type * as z from 'zod';
import { type Clock, DependencyUnavailable } from '../app/ports.ts';
import { SECRET_TTL_MS } from '../core/limits.ts';
import type { EpochMs } from '../core/time.ts';
import { AWS_CLIENT_SETTINGS } from './aws-client-settings.ts';

interface Kept {
  readonly value: string;
  readonly readAt: EpochMs;
}

/**
 * Reads what is in one secret, at most once in five minutes: a rotation takes hold within that time. A secret that is
 * away, or not of the expected form, is `DependencyUnavailable`, whose cause never quotes it.
 */
export const secretReader = <S extends z.ZodType>(arn: string, schema: S, clock: Clock) => {
  const client = new SecretsManagerClient(AWS_CLIENT_SETTINGS);
  let kept: Kept | undefined;
  return async (): Promise<z.output<S>> => {
    if (!kept || clock() - kept.readAt >= SECRET_TTL_MS)
      kept = { value: await fetchSecret(client, arn), readAt: clock() };
    return parse(kept.value, schema);
  };
};

const fetchSecret = async (client: SecretsManagerClient, arn: string): Promise<string> => {
  const command = new GetSecretValueCommand({ SecretId: arn });
  const { SecretString } = await client.send(command).catch((error: unknown) => {
    throw new DependencyUnavailable('secrets', error);
  });
  return SecretString ?? '';
};

/** The errors of parsers quote what they read, so none is passed on. */
const parse = <S extends z.ZodType>(value: string, schema: S): z.output<S> => {
  const read = schema.safeParse(jsonOf(value));
  if (!read.success) throw new DependencyUnavailable('secrets', new Error('not of the expected form'));
  return read.data;
};

const jsonOf = (value: string): unknown => {
  try {
    return JSON.parse(value);
  } catch {
    return undefined;
  }
};
