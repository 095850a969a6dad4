import { AwsError } from './aws-error.ts';
import { PolicyDocument } from './iam.ts';

interface Version {
  /** As it was sent: IAM gives back what it was given. */
  readonly text: string;
  readonly document: PolicyDocument;
}

interface ManagedPolicy {
  readonly versions: Map<number, Version>;
  /** Number of the version that holds, and of the last that was ever made: none is given twice. */
  current: number;
  last: number;
}

type Parameters = Readonly<Record<string, string>>;

/** IAM's own limits: characters without white space, and versions kept at a time. */
const MAX_CHARACTERS = 6_144;
const MAX_VERSIONS = 5;

const noSuchEntity = (what: string) =>
  new AwsError('NoSuchEntity', `${what} was not found.`, { status: 404 });
const tooMany = (what: string) =>
  new AwsError('LimitExceeded', `Cannot exceed quota for ${what}`, { status: 409 });

/** Managed policies of IAM and their versions, by ARN. What a change says holds at once, which on AWS takes seconds or minutes. */
export class ManagedPolicies {
  readonly #policies: ReadonlyMap<string, ManagedPolicy>;

  constructor(sources: readonly { readonly arn: string; readonly document: unknown }[]) {
    this.#policies = new Map(
      sources.map(({ arn, document }) => {
        const first = { text: JSON.stringify(document), document: PolicyDocument.parse(document) };
        return [arn, { versions: new Map([[1, first]]), current: 1, last: 1 }];
      }),
    );
  }

  /** The version that holds. AWS's own policies grant nothing here. */
  document(arn: string): PolicyDocument | undefined {
    if (arn.startsWith('arn:aws:iam::aws:')) return undefined;
    const { versions, current } = this.#policy(arn);
    return versions.get(current)?.document;
  }

  /** One call, as IAM's query API has it; answers what stands inside `<…Result>`. Throws `AwsError`. */
  call(action: string, input: Parameters): string {
    const operation = OPERATIONS[action];
    if (!operation) throw new AwsError('InvalidAction', `${action} is not implemented here`);
    return operation(this.#policy(input.PolicyArn ?? ''), input);
  }

  #policy(arn: string): ManagedPolicy {
    const policy = this.#policies.get(arn);
    if (!policy) throw noSuchEntity(`Policy ${arn}`);
    return policy;
  }
}

const versionOf = ({ versions }: ManagedPolicy, { VersionId = '' }: Parameters): number => {
  const id = Number(VersionId.slice(1));
  if (!versions.has(id)) throw noSuchEntity(`Policy version ${VersionId}`);
  return id;
};

const described = ({ current, versions }: ManagedPolicy, id: number, document = false): string =>
  `<VersionId>v${id}</VersionId><IsDefaultVersion>${id === current}</IsDefaultVersion>` +
  (document ? `<Document>${encodeURIComponent(versions.get(id)?.text ?? '')}</Document>` : '');

const OPERATIONS: Readonly<Record<string, (policy: ManagedPolicy, input: Parameters) => string>> = {
  CreatePolicyVersion(policy, { PolicyDocument: text = '', SetAsDefault = 'false' }) {
    if (text.replace(/\s/g, '').length > MAX_CHARACTERS) throw tooMany(`PolicySize: ${MAX_CHARACTERS}`);
    if (policy.versions.size >= MAX_VERSIONS) throw tooMany(`VersionsPerPolicy: ${MAX_VERSIONS}`);
    const document = parsed(text);
    policy.last += 1;
    policy.versions.set(policy.last, { text, document });
    if (SetAsDefault === 'true') policy.current = policy.last;
    return `<PolicyVersion>${described(policy, policy.last)}</PolicyVersion>`;
  },
  DeletePolicyVersion(policy, input) {
    const id = versionOf(policy, input);
    if (id === policy.current)
      throw new AwsError('DeleteConflict', 'Cannot delete the default version of a policy.', { status: 409 });
    policy.versions.delete(id);
    return '';
  },
  SetDefaultPolicyVersion(policy, input) {
    policy.current = versionOf(policy, input);
    return '';
  },
  GetPolicyVersion: (policy, input) =>
    `<PolicyVersion>${described(policy, versionOf(policy, input), true)}</PolicyVersion>`,
  ListPolicyVersions: (policy) =>
    `<IsTruncated>false</IsTruncated><Versions>${[...policy.versions.keys()]
      .reverse()
      .map((id) => `<member>${described(policy, id)}</member>`)
      .join('')}</Versions>`,
};

const parsed = (text: string): PolicyDocument => {
  try {
    return PolicyDocument.parse(JSON.parse(text));
  } catch {
    throw new AwsError('MalformedPolicyDocument', 'Syntax errors in policy.');
  }
};
