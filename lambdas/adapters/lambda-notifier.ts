import { InvokeCommand, LambdaClient } from '@aws-sdk/client-lambda';
import type { Notifier } from '../app/ports.ts';
import { DependencyUnavailable } from '../app/ports.ts';
import { AWS_CLIENT_SETTINGS } from './aws-client-settings.ts';

/** The port `Notifier` by invoking the function that speaks to people, without waiting for what it does. */
export const lambdaNotifier = (functionName: string): Notifier => {
  const client = new LambdaClient(AWS_CLIENT_SETTINGS);
  return {
    async notify(approvalId) {
      const Payload = JSON.stringify({ approvalId });
      const command = new InvokeCommand({ FunctionName: functionName, InvocationType: 'Event', Payload });
      await client.send(command).catch((error: unknown) => {
        throw new DependencyUnavailable('notifier', error);
      });
    },
  };
};
