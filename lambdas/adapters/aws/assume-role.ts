import type { Credentials, STSClient, STSClientConfig } from '@aws-sdk/client-sts';
import { DependencyUnavailable } from '../../app/ports.ts';
import { SECOND_MS } from '../../core/limits.ts';
import type { EpochMs } from '../../core/time.ts';
import { AWS_CLIENT_SETTINGS } from '../aws-client-settings.ts';

export interface AssumeAsk {
  readonly roleArn: string;
  /** Undefined only for roles of Latchkey's own account that ask for none. */
  readonly externalId: string | undefined;
  readonly sessionName: string;
  readonly seconds: number;
  readonly policy?: string;
  readonly tags?: Readonly<Record<string, string>>;
  readonly sourceIdentity?: string;
  /** For whoever waits less long than the client does. */
  readonly signal?: AbortSignal;
}

export interface SessionKeys {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken: string;
}

/** Times are by AWS's clock and whole seconds. */
export interface AssumedSession {
  readonly keys: SessionKeys;
  readonly issuedAt: EpochMs;
  readonly expiresAt: EpochMs;
  /** How much of AWS's own room for policy and tags they take, in per cent. */
  readonly packedPercent: number;
}

/** Throws `SessionTooLarge`, and `DependencyUnavailable` for whatever else keeps STS from giving one. */
export type AssumeRole = (ask: AssumeAsk) => Promise<AssumedSession>;

/** Policy and tags together are more than STS packs into one session. */
export class SessionTooLarge extends Error {
  override readonly name = 'SessionTooLarge';
}

/** Sessions of STS, each one new. Nothing is kept here. */
export const stsSessions = (settings: STSClientConfig = {}): AssumeRole => {
  let client: Promise<STSClient> | undefined;
  return async (ask) => {
    // Loaded when first needed, because most cold starts do not.
    const { AssumeRoleCommand, STSClient } = await import('@aws-sdk/client-sts');
    client ??= Promise.resolve(new STSClient({ ...AWS_CLIENT_SETTINGS, ...settings }));
    // An empty list would be sent as such, and a trust that knows of no `sts:TagSession` could refuse it.
    const tags = Object.entries(ask.tags ?? {}).map(([Key, Value]) => ({ Key, Value }));
    const command = new AssumeRoleCommand({
      RoleArn: ask.roleArn,
      ExternalId: ask.externalId,
      RoleSessionName: ask.sessionName,
      DurationSeconds: ask.seconds,
      Policy: ask.policy,
      Tags: tags.length > 0 ? tags : undefined,
      SourceIdentity: ask.sourceIdentity,
    });
    const options = ask.signal ? { abortSignal: ask.signal } : {};
    const answer = await (await client).send(command, options).catch((error: unknown) => {
      throw isTooLarge(error) ? new SessionTooLarge() : new DependencyUnavailable('sts', error);
    });
    return sessionOf(answer.Credentials, { ask, packedPercent: answer.PackedPolicySize ?? 0 });
  };
};

/** Under both names: the one on the wire, and the one that the SDK has for it. */
const isTooLarge = (error: unknown): boolean =>
  error instanceof Error && /^PackedPolicyTooLarge(Exception)?$/.test(error.name);

const sessionOf = (
  given: Credentials | undefined,
  { ask, packedPercent }: { readonly ask: AssumeAsk; readonly packedPercent: number },
): AssumedSession => {
  if (!given?.AccessKeyId || !given.SecretAccessKey || !given.SessionToken || !given.Expiration)
    throw new DependencyUnavailable('sts', new Error('an incomplete session'));
  const expiresAt = given.Expiration.getTime();
  return {
    keys: {
      accessKeyId: given.AccessKeyId,
      secretAccessKey: given.SecretAccessKey,
      sessionToken: given.SessionToken,
    },
    issuedAt: expiresAt - ask.seconds * SECOND_MS,
    expiresAt,
    packedPercent,
  };
};
