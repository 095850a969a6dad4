import * as dynamodb from '@aws-sdk/client-dynamodb';
import * as lambda from '@aws-sdk/client-lambda';
import * as secretsmanager from '@aws-sdk/client-secrets-manager';
import * as states from '@aws-sdk/client-sfn';
import * as sns from '@aws-sdk/client-sns';
import * as sts from '@aws-sdk/client-sts';

/** Behind the gateway: answers with the event it saw. Invoked by a test: makes the calls it is told to, with its own role. */
const settings = { maxAttempts: 1 };
const clients: Readonly<Record<string, { send(command: unknown): Promise<Record<string, unknown>> }>> = {
  dynamodb: new dynamodb.DynamoDBClient(settings) as never,
  lambda: new lambda.LambdaClient(settings) as never,
  secretsmanager: new secretsmanager.SecretsManagerClient(settings) as never,
  sns: new sns.SNSClient(settings) as never,
  states: new states.SFNClient(settings) as never,
  sts: new sts.STSClient(settings) as never,
};
const modules: Readonly<Record<string, object>> = { dynamodb, lambda, secretsmanager, sns, states, sts };

interface CallWish {
  readonly service: string;
  readonly command: string;
  readonly input: unknown;
}

const call = async ({ service, command, input }: CallWish): Promise<unknown> => {
  const Command = Reflect.get(modules[service] ?? {}, `${command}Command`);
  try {
    const { $metadata: _metadata, ...answer } = (await clients[service]?.send(new Command(input))) ?? {};
    return answer.Payload instanceof Uint8Array
      ? { ...answer, Payload: Buffer.from(answer.Payload).toString() }
      : answer;
  } catch (error) {
    const { name, message } = error as Error;
    return { error: name, message };
  }
};

interface GatewayEvent {
  readonly path: string;
  readonly body: string | null;
}

export const handler = async (event: CallWish | GatewayEvent): Promise<unknown> => {
  if ('service' in event) return call(event);
  const wish = event.body?.startsWith('{') ? JSON.parse(event.body) : {};
  if (wish.throw) throw new Error('a secret stack');
  if (wish.exactly !== undefined) return wish.exactly;
  return { statusCode: 200, body: JSON.stringify(event) };
};
