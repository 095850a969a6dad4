import type { PolicyVersion, PolicyVersions } from '../../lambdas/adapters/aws/policy-versions.ts';
import { endedPolicy } from '../../lambdas/core/aws/ended-policy.ts';
import { AwsError } from '../../local/aws-error.ts';
import { ManagedPolicies } from '../../local/managed-policies.ts';

const ARN = 'arn:aws:iam::111122223333:policy/latchkey-ended-reports';

/** IAM in memory, as a writer of one deny policy sees it. `pass` lets each call through, when it likes. */
export const rememberedPolicy = () => {
  const policies = new ManagedPolicies([
    { arn: ARN, document: JSON.parse(endedPolicy({ marks: [], issuedBefore: undefined })) },
  ]);
  const call = (action: string, input: object = {}) => policies.call(action, { PolicyArn: ARN, ...input });
  const list = (): PolicyVersion[] =>
    [...call('ListPolicyVersions').matchAll(/<VersionId>v(\d+)<\/VersionId><IsDefaultVersion>(\w+)</g)].map(
      ([, number, isDefault]) => ({ number: Number(number), isDefault: isDefault === 'true' }),
    );
  const read = (number: number): string | undefined =>
    unless('NoSuchEntity', () =>
      decodeURIComponent(
        /<Document>(.*)<\/Document>/.exec(call('GetPolicyVersion', { VersionId: `v${number}` }))?.[1] ?? '',
      ),
    );
  const versions = (pass: Pass, listed = list): PolicyVersions => ({
    list: () => pass('list', listed),
    read: (number) => pass('read', () => read(number)),
    create: (PolicyDocument) =>
      pass('create', () =>
        unless('LimitExceeded', () =>
          Number(/<VersionId>v(\d+)</.exec(call('CreatePolicyVersion', { PolicyDocument }))?.[1]),
        ),
      ),
    remove: (number) =>
      pass('remove', () => {
        const input = { VersionId: `v${number}` };
        return (
          unless('DeleteConflict', () => {
            unless('NoSuchEntity', () => call('DeletePolicyVersion', input));
            return true;
          }) ?? false
        );
      }),
    makeDefault: (number) =>
      pass(
        'makeDefault',
        () =>
          unless('NoSuchEntity', () => call('SetDefaultPolicyVersion', { VersionId: `v${number}` })) !==
          undefined,
      ),
  });
  const holding = (): string => read(list().find(({ isDefault }) => isDefault)?.number ?? 0) ?? '';
  return { versions, list, holding };
};

export type Pass = <T>(name: string, act: () => T) => Promise<T>;

const unless = <T>(code: string, act: () => T): T | undefined => {
  try {
    return act();
  } catch (error) {
    if (error instanceof AwsError && error.code === code) return undefined;
    throw error;
  }
};
