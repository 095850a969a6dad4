import type { Assembly, RoleSource } from '../local/assembly.ts';
import type { LocalAws } from '../local/aws.ts';
import { parsePolicy } from '../local/iam.ts';

const roleArn = ({ account }: Pick<Assembly, 'account'>) => `arn:aws:iam::${account}:role/local-auditor`;

/** Somebody who may read the trail, and for a replay what is sealed beside it, and nothing else. */
export const auditorRole = (assembly: Assembly): RoleSource => {
  const policy = (...Statement: object[]) => parsePolicy({ Version: '2012-10-17', Statement });
  const tables = {
    Effect: 'Allow',
    Action: ['dynamodb:Scan', 'dynamodb:Query', 'dynamodb:GetItem'],
    Resource: assembly.tables.map(({ arn }) => arn),
  };
  const objects = assembly.buckets.map(({ arn }) => `${arn}/*`);
  const payloads = { Effect: 'Allow', Action: 's3:GetObject', Resource: objects };
  return {
    arn: roleArn(assembly),
    policies: [policy(tables, payloads)],
    trust: policy(),
    maxSessionSeconds: 3_600,
  };
};

/** Environment of such a person. */
export const auditorEnvironment = (
  assembly: Assembly,
  { sessions, endpointUrl }: Pick<LocalAws, 'sessions' | 'endpointUrl'>,
): Readonly<Record<string, string>> => {
  const keys = sessions.issue({ roleArn: roleArn(assembly), name: 'auditor' });
  return {
    AWS_ENDPOINT_URL: endpointUrl,
    AWS_REGION: assembly.region,
    AWS_ACCESS_KEY_ID: keys.accessKeyId,
    AWS_SECRET_ACCESS_KEY: keys.secretAccessKey,
    AWS_SESSION_TOKEN: keys.sessionToken,
  };
};
