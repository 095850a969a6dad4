import { createServer } from 'node:http';
import { text } from 'node:stream/consumers';
import { closeServer, listenOnLoopback } from '../../local/loopback.ts';
import { Template } from '../../local/template.ts';
import { ACCOUNT, REGION } from './aws-account.ts';

interface Role {
  arn: string;
  RoleName: string;
  AssumeRolePolicyDocument: object;
  Policies: { PolicyName: string; PolicyDocument: object }[];
  ManagedPolicyArns?: string[];
  PermissionsBoundary?: string;
  MaxSessionDuration: number;
}

interface Policy {
  PolicyDocument: object;
}

/** What a template makes, to be changed by a test before it is looked at. */
export interface MadeIdentities {
  readonly roles: Map<string, Role>;
  readonly policies: Map<string, Policy>;
}

const anything = { parse: (value: unknown) => value } as never;

export const identitiesMadeBy = (template: unknown, account = ACCOUNT): MadeIdentities => {
  const read = new Template(structuredClone(template), { stack: 'Target', account, region: REGION });
  const roles = read.of('AWS::IAM::Role', anything) as Role[];
  const policies = read.of('AWS::IAM::ManagedPolicy', anything) as (Policy & { arn: string })[];
  return {
    roles: new Map(roles.map((role) => [role.RoleName, role])),
    policies: new Map(policies.map((policy) => [policy.arn, policy])),
  };
};

/** A stand-in for the reads of IAM's query API that `config check` makes. It checks no signature. */
export const startIam = async (made: MadeIdentities) => {
  const server = createServer(async (request, response) => {
    const form = Object.fromEntries(new URLSearchParams(await text(request)));
    const answer = ANSWERS[form.Action ?? '']?.(made, form);
    response.writeHead(answer === undefined ? 404 : 200, { 'content-type': 'text/xml' });
    response.end(
      answer === undefined
        ? '<ErrorResponse><Error><Code>NoSuchEntity</Code><Message>not found</Message></Error></ErrorResponse>'
        : `<${form.Action}Response><${form.Action}Result>${answer}</${form.Action}Result></${form.Action}Response>`,
    );
  });
  return {
    url: `http://127.0.0.1:${await listenOnLoopback(server)}`,
    close: () => closeServer(server),
  };
};

type Form = Readonly<Record<string, string>>;

const encoded = (document: object): string => encodeURIComponent(JSON.stringify(document));
const members = (values: readonly string[]): string =>
  values.map((value) => `<member>${value}</member>`).join('');

const ANSWERS: Readonly<Record<string, (made: MadeIdentities, form: Form) => string | undefined>> = {
  GetRole({ roles }, { RoleName = '' }) {
    const role = roles.get(RoleName);
    const boundary = role?.PermissionsBoundary;
    return (
      role &&
      `<Role><RoleName>${RoleName}</RoleName><Arn>${role.arn}</Arn><AssumeRolePolicyDocument>${encoded(role.AssumeRolePolicyDocument)}</AssumeRolePolicyDocument>
      <MaxSessionDuration>${role.MaxSessionDuration}</MaxSessionDuration>${
        boundary === undefined
          ? ''
          : `<PermissionsBoundary><PermissionsBoundaryArn>${boundary}</PermissionsBoundaryArn></PermissionsBoundary>`
      }</Role>`
    );
  },
  ListRolePolicies: ({ roles }, { RoleName = '' }) =>
    `<PolicyNames>${members(roles.get(RoleName)?.Policies.map((one) => one.PolicyName) ?? [])}</PolicyNames>`,
  ListAttachedRolePolicies: ({ roles }, { RoleName = '' }) =>
    `<AttachedPolicies>${members(
      (roles.get(RoleName)?.ManagedPolicyArns ?? []).map((arn) => `<PolicyArn>${arn}</PolicyArn>`),
    )}</AttachedPolicies>`,
  GetRolePolicy({ roles }, { RoleName = '', PolicyName = '' }) {
    const found = roles.get(RoleName)?.Policies.find((one) => one.PolicyName === PolicyName);
    return found && `<PolicyDocument>${encoded(found.PolicyDocument)}</PolicyDocument>`;
  },
  GetPolicy: ({ policies }, { PolicyArn = '' }) =>
    policies.has(PolicyArn) ? '<Policy><DefaultVersionId>v1</DefaultVersionId></Policy>' : undefined,
  GetPolicyVersion({ policies }, { PolicyArn = '' }) {
    const found = policies.get(PolicyArn);
    return found && `<PolicyVersion><Document>${encoded(found.PolicyDocument)}</Document></PolicyVersion>`;
  },
};
