import * as z from 'zod';
import { type Clock, DependencyUnavailable } from '../../app/ports.ts';
import { DATABASE_PASSWORD_KEY_MIN_BYTES } from '../../core/database/limits.ts';
import { secretReader } from '../read-secret.ts';

const Content = z.looseObject({
  passwordKey: z
    .base64()
    .transform((text) => Buffer.from(text, 'base64'))
    .refine((key) => key.length >= DATABASE_PASSWORD_KEY_MIN_BYTES),
});

/** The key that passwords of grants are made with, from the secret that settings name. Without one there is none, and so no password. */
export const passwordKey = (arn: string | undefined, clock: Clock): (() => Promise<Uint8Array>) => {
  if (arn === undefined)
    return () => Promise.reject(new DependencyUnavailable('secrets', new Error('settings name no secret')));
  const read = secretReader(arn, Content, clock);
  return async () => (await read()).passwordKey;
};
