import { fork } from 'node:child_process';
import { once } from 'node:events';
import { encodeIdentity } from '../lambdas/core/identity/identity-context.ts';
import type { LocalStack } from '../local/stack.ts';
import type { Wire } from './api-client.ts';
import type { Bench } from './bench-crew.ts';
import type { VendResult } from './bench-results.ts';
import { summarize } from './bench-statistics.ts';
import type { VendTimes, VendWork } from './bench-vend-process.ts';

const TURNS_COUNT = 300;
const WARM_UP_COUNT = 50;

/** The deployed handler against its floor, in a process of its own with the rights of the function `vend`. */
export const measureVend = async (bench: Bench, grants: readonly string[]): Promise<VendResult> => {
  const source = bench.stack.aws.functions.get('latchkey-vend')?.source;
  if (!source) throw new Error('there is no function latchkey-vend');
  const me = await bench.crew.get<Wire['MeView']>('/v1/me');
  const work: VendWork = {
    bundle: `${source.directory}/index.cjs`,
    grants,
    identity: identityOf(me.body),
    warmUps: WARM_UP_COUNT,
    turns: TURNS_COUNT,
  };
  const child = fork(new URL('./bench-vend-process.ts', import.meta.url), {
    env: {
      ...source.environment,
      ...keysFor(bench.stack, source.roleArn),
      LAMBDA_TASK_ROOT: source.directory,
      AWS_LAMBDA_FUNCTION_NAME: source.name,
      // What the function logs of each request would only be read here.
      LOG_LEVEL: 'ERROR',
    },
  });
  child.send(work);
  const [times] = (await Promise.race([once(child, 'message'), failedIn(child)])) as [VendTimes];
  child.disconnect();
  return { handler: summarize(times.handlerMs), floor: summarize(times.floorMs) };
};

const failedIn = async (child: ReturnType<typeof fork>): Promise<never> => {
  const [code] = await once(child, 'exit');
  throw new Error(`the vend benchmark ended with ${code}`);
};

const keysFor = ({ aws }: LocalStack, roleArn: string): Record<string, string> => {
  const keys = aws.sessions.issue({ roleArn, name: 'bench' });
  return {
    AWS_ENDPOINT_URL: aws.endpointUrl,
    AWS_REGION: 'us-east-1',
    AWS_ACCESS_KEY_ID: keys.accessKeyId,
    AWS_SECRET_ACCESS_KEY: keys.secretAccessKey,
    AWS_SESSION_TOKEN: keys.sessionToken,
  };
};

/** What the authorizer would hand to the gateway for this caller. */
const identityOf = (me: Wire['MeView']): Readonly<Record<string, string>> =>
  encodeIdentity({
    ...me.principal,
    listed: me.listed,
    groups: me.groups ? { known: true, names: me.groups } : { known: false },
    owners: me.owners,
    delegation: [],
    tokenFingerprint: '0'.repeat(64),
    tokenExpiresAt: Date.parse(me.tokenExpiresAt),
  });
