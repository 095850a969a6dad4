import { readFileSync } from 'node:fs';
import { parse } from 'yaml';

type Json = string | number | boolean | null | readonly Json[] | { readonly [name: string]: Json };

/** Values of the template's parameters, and of what CloudFormation knows itself. */
export interface TemplateValues extends Readonly<Record<string, string>> {
  readonly RoleName: string;
  readonly ExternalId: string;
}

/** `docs/targets/eks-access.yaml` as CloudFormation would make it: its trust policy, and its access entries by their users. */
export const eksAccess = (account: string, values: TemplateValues) => {
  const { Resources } = parse(readFileSync('docs/targets/eks-access.yaml', 'utf8'));
  const known: Readonly<Record<string, string>> = {
    'AWS::Partition': 'aws',
    'AWS::AccountId': account,
    LatchkeyStack: 'latchkey',
    ...values,
  };
  const roleArn = `arn:aws:iam::${account}:role/${values.RoleName}`;
  const resolve = (value: Json): Json => {
    if (Array.isArray(value)) return value.map(resolve);
    if (typeof value !== 'object' || value === null) return value;
    const entries = Object.entries(value);
    const [[name, inner] = ['', null]] = entries;
    if (name === 'Ref') return known[String(inner)] ?? '';
    if (name === 'Fn::GetAtt') return roleArn;
    if (name === 'Fn::Sub') return String(inner).replace(/\$\{([^}]+)\}/g, (_, one) => known[one] ?? '');
    return Object.fromEntries(entries.map(([key, one]) => [key, resolve(one)]));
  };
  const trust = resolve(Resources.SessionRole.Properties.AssumeRolePolicyDocument);
  const rights = Object.keys(Resources.SessionRole.Properties).filter((key) => /polic/i.test(key));
  const entries = [Resources.SessionEntry, Resources.AdministratorEntry].map(({ Properties }) => {
    const { PrincipalArn, Username, ...others } = Properties;
    return {
      roleArn: String(resolve(PrincipalArn)),
      username: String(Username),
      others: Object.keys(others),
    };
  });
  return { trust, rights, entries };
};
