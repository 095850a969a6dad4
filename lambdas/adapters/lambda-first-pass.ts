import { InvokeCommand, LambdaClient } from '@aws-sdk/client-lambda';
import { DependencyUnavailable } from '../app/ports.ts';
import type { FirstPass } from '../app/ports-of-containment.ts';
import { AWS_CLIENT_SETTINGS } from './aws-client-settings.ts';

/** The port `FirstPass` by invoking the sweeper, without waiting for what it does: it may end access, and the caller may not. */
export const lambdaFirstPass = (functionName: string): FirstPass => {
  const client = new LambdaClient(AWS_CLIENT_SETTINGS);
  return {
    async begin(containment) {
      const Payload = JSON.stringify({ containment });
      const command = new InvokeCommand({ FunctionName: functionName, InvocationType: 'Event', Payload });
      await client.send(command).catch((error: unknown) => {
        throw new DependencyUnavailable('sweeper', error);
      });
    },
  };
};
