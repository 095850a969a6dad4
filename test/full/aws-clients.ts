import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { LambdaClient } from '@aws-sdk/client-lambda';
import { SFNClient } from '@aws-sdk/client-sfn';
import { AssumeRoleCommand, STSClient } from '@aws-sdk/client-sts';
import type { MiniStack } from './start-ministack.ts';

export interface Keys {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string;
}

export interface AwsClients {
  readonly dynamo: DynamoDBClient;
  readonly lambda: LambdaClient;
  readonly sfn: SFNClient;
  readonly sts: STSClient;
}

/** The product's own SDK clients, led to MiniStack, with all rights unless keys say otherwise. */
export const clientsOf = ({ endpoint, adminEnv }: MiniStack, keys?: Keys): AwsClients => {
  const settings = {
    endpoint,
    region: adminEnv.AWS_REGION ?? '',
    maxAttempts: 1,
    credentials: keys ?? {
      accessKeyId: adminEnv.AWS_ACCESS_KEY_ID ?? '',
      secretAccessKey: adminEnv.AWS_SECRET_ACCESS_KEY ?? '',
    },
  };
  return {
    dynamo: new DynamoDBClient(settings),
    lambda: new LambdaClient(settings),
    sfn: new SFNClient(settings),
    sts: new STSClient(settings),
  };
};

type SessionOptions = Partial<ConstructorParameters<typeof AssumeRoleCommand>[0]>;

/** Keys of a session of a role, got by whoever these clients are. */
export const assume = async (
  { sts }: AwsClients,
  roleArn: string,
  options: SessionOptions = {},
): Promise<Keys> => {
  const { Credentials } = await sts.send(
    new AssumeRoleCommand({ RoleArn: roleArn, RoleSessionName: 'test', ...options }),
  );
  return {
    accessKeyId: Credentials?.AccessKeyId ?? '',
    secretAccessKey: Credentials?.SecretAccessKey ?? '',
    sessionToken: Credentials?.SessionToken ?? '',
  };
};
