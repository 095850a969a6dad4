import { randomUUID } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { AwsError } from './aws-error.ts';
import { isJsonObject } from './aws-json.ts';

interface Version {
  readonly id: string;
  readonly value: string;
  readonly createdAtMs: number;
  readonly stages: readonly string[];
}

type Versions = Readonly<Record<string, readonly Version[]>>;

export type Secrets = ReturnType<typeof createSecrets>;

/**
 * Secrets Manager, as far as reading goes, and replacing in two steps: a pending version, which then becomes the current one. What
 * was put is kept in the file, if there is one. Refuses everything else.
 */
export const createSecrets = (given: Readonly<Record<string, string>>, file?: string) => {
  let put: Versions = file && existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')) : {};
  const versionsOf = (arn: string): readonly Version[] => {
    const value = given[arn];
    if (value === undefined) throw notFound();
    // As somebody has written it, long before.
    return put[arn] ?? [{ id: 'first', value, createdAtMs: 0, stages: ['AWSCURRENT'] }];
  };
  const keep = (arn: string, versions: readonly Version[]): void => {
    put = { ...put, [arn]: versions };
    if (file) writeFileSync(file, JSON.stringify(put), { mode: 0o600 });
  };
  const calls: Readonly<Record<string, (arn: string, input: Readonly<Record<string, unknown>>) => object>> = {
    GetSecretValue(arn, { VersionStage = 'AWSCURRENT' }) {
      const found = versionsOf(arn).find(({ stages }) => stages.includes(String(VersionStage)));
      if (!found) throw notFound();
      const { id, value, createdAtMs } = found;
      return { ARN: arn, VersionId: id, SecretString: value, CreatedDate: createdAtMs / 1000 };
    },
    PutSecretValue(arn, { SecretString, ClientRequestToken: id = randomUUID(), VersionStages }) {
      if (String(VersionStages) !== 'AWSPENDING')
        throw new AwsError('InvalidParameterException', 'VersionStages');
      const versions = versionsOf(arn);
      const there = versions.find((version) => version.id === id);
      if (there && there.value !== SecretString)
        throw new AwsError('ResourceExistsException', 'another value');
      const made = { id: String(id), value: String(SecretString), createdAtMs: Date.now() };
      if (!there) keep(arn, [...without(versions, 'AWSPENDING'), { ...made, stages: ['AWSPENDING'] }]);
      return { ARN: arn, VersionId: id };
    },
    UpdateSecretVersionStage(arn, { VersionStage, MoveToVersionId: to, RemoveFromVersionId: from }) {
      const versions = versionsOf(arn);
      const current = versions.find(({ stages }) => stages.includes('AWSCURRENT'));
      const isKnown = versions.some(({ id }) => id === to);
      if (VersionStage !== 'AWSCURRENT' || current?.id !== from || !isKnown)
        throw new AwsError('InvalidParameterException', 'the version is not where it was said to be');
      const moved = without(versions, 'AWSCURRENT');
      keep(
        arn,
        moved.map((one) => (one.id === to ? { ...one, stages: [...one.stages, 'AWSCURRENT'] } : one)),
      );
      return { ARN: arn };
    },
  };
  return {
    call(operation: string, input: unknown): object {
      const call = calls[operation];
      if (!call || !isJsonObject(input)) throw new AwsError('UnknownOperationException', operation);
      return call(String(input.SecretId), input);
    },
  };
};

const without = (versions: readonly Version[], stage: string): readonly Version[] =>
  versions.map((one) => ({ ...one, stages: one.stages.filter((other) => other !== stage) }));

const notFound = (): AwsError =>
  new AwsError('ResourceNotFoundException', "Secrets Manager can't find the specified secret.");
