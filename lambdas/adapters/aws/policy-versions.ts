import {
  CreatePolicyVersionCommand,
  DeletePolicyVersionCommand,
  GetPolicyVersionCommand,
  IAMClient,
  type IAMClientConfig,
  ListPolicyVersionsCommand,
  SetDefaultPolicyVersionCommand,
} from '@aws-sdk/client-iam';
import { DependencyUnavailable } from '../../app/ports.ts';
import { AWS_CLIENT_SETTINGS } from '../aws-client-settings.ts';

/** Numbers are never given twice, and grow: of two versions, the one with the larger number was made later. */
export interface PolicyVersion {
  readonly number: number;
  readonly isDefault: boolean;
}

/** Versions of one managed policy. Each throws `DependencyUnavailable`; what another writer did meanwhile is an answer. */
export interface PolicyVersions {
  list(): Promise<readonly PolicyVersion[]>;
  /** Undefined when it is gone. */
  read(number: number): Promise<string | undefined>;
  /** Not the default yet. Undefined when there are as many as IAM keeps. */
  create(document: string): Promise<number | undefined>;
  /** False when it is the default, which cannot be removed. One that is gone is gone. */
  remove(number: number): Promise<boolean>;
  /** False when it is gone. */
  makeDefault(number: number): Promise<boolean>;
}

const nameOf = (number: number): string => `v${number}`;
const numberOf = (name: string | undefined): number => Number(name?.slice(1));

/** Names of errors, as the wire and as the SDK have them. */
const isCalled = (error: unknown, name: string): boolean =>
  error instanceof Error && (error.name === name || error.name === `${name}Exception`);

/** The port `PolicyVersions` with keys that may do this and nothing else. */
export const iamVersions = (PolicyArn: string, settings: IAMClientConfig): PolicyVersions => {
  const client = new IAMClient({ ...AWS_CLIENT_SETTINGS, ...settings });
  /** The answer; undefined where the error is one of those. */
  const unless = async <T>(names: readonly string[], call: Promise<T>): Promise<T | undefined> => {
    try {
      return await call;
    } catch (error) {
      if (names.some((name) => isCalled(error, name))) return undefined;
      throw new DependencyUnavailable('iam', error);
    }
  };
  return {
    async list() {
      const found = await unless([], client.send(new ListPolicyVersionsCommand({ PolicyArn })));
      return (found?.Versions ?? []).map(({ VersionId, IsDefaultVersion }) => ({
        number: numberOf(VersionId),
        isDefault: IsDefaultVersion === true,
      }));
    },
    async read(number) {
      const command = new GetPolicyVersionCommand({ PolicyArn, VersionId: nameOf(number) });
      const found = await unless(['NoSuchEntity'], client.send(command));
      const encoded = found?.PolicyVersion?.Document;
      return encoded === undefined ? undefined : decodeURIComponent(encoded);
    },
    async create(PolicyDocument) {
      const command = new CreatePolicyVersionCommand({ PolicyArn, PolicyDocument, SetAsDefault: false });
      const made = await unless(['LimitExceeded'], client.send(command));
      return made && numberOf(made.PolicyVersion?.VersionId);
    },
    async remove(number) {
      const command = new DeletePolicyVersionCommand({ PolicyArn, VersionId: nameOf(number) });
      try {
        await unless(['NoSuchEntity'], client.send(command));
        return true;
      } catch (error) {
        if (error instanceof DependencyUnavailable && isCalled(error.cause, 'DeleteConflict')) return false;
        throw error;
      }
    },
    async makeDefault(number) {
      const command = new SetDefaultPolicyVersionCommand({ PolicyArn, VersionId: nameOf(number) });
      return (await unless(['NoSuchEntity'], client.send(command))) !== undefined;
    },
  };
};
