import { setTimeout as sleep } from 'node:timers/promises';
import { stsSessions } from '../../lambdas/adapters/aws/assume-role.ts';
import type { AwsIssuerTools } from '../../lambdas/adapters/aws/aws-issuer.ts';
import type { EndTools } from '../../lambdas/adapters/aws/end-sessions.ts';
import { endingVersions } from '../../lambdas/adapters/aws/ending-keys.ts';
import { probeSession } from '../../lambdas/adapters/aws/probe-session.ts';
import { dynamoEndedMarks } from '../../lambdas/adapters/dynamo/ended-marks.ts';
import type { AwsAccount } from './aws-account.ts';
import type { TestTables } from './tables.ts';

export interface AwsTools {
  /** What *revoker* works with. */
  readonly ending: EndTools;
  /** And *vend*. */
  readonly issuing: AwsIssuerTools;
  /** What was said beside the trail. */
  readonly said: string[];
  /** Roles whose policy was about to deny by time of issue. */
  readonly overflown: string[];
}

interface Place {
  readonly connection: TestTables['connection'];
  /** Our clock. */
  readonly time: { now: number };
  /** It goes on by itself, instead of with the pauses of whoever waits. */
  readonly isRealTime?: boolean;
}

/** The adapters that give and end sessions, as two functions have them, on an embedded AWS. */
export const awsToolsOn = (
  account: AwsAccount,
  { connection, time, isRealTime = false }: Place,
): AwsTools => {
  const clock = () => time.now;
  const said: string[] = [];
  const overflown: string[] = [];
  const log = (_level: string, message: string) => void said.push(message);
  const assume = stsSessions(account.keysOf('revoker'));
  const ending: EndTools = {
    assume,
    versionsOf: endingVersions({ assume, clock, endpoint: account.url }),
    marks: dynamoEndedMarks(connection),
    probe: (keys, region) => probeSession(keys, { ...account.settings, region }),
    overflows: async ({ roleArn }) => void overflown.push(roleArn),
    clock,
    // Whoever sleeps at the same time sleeps through the same time.
    sleep: async (ms) => {
      const wake = time.now + ms;
      await sleep(isRealTime ? ms : 2);
      time.now = Math.max(time.now, wake);
    },
    backoff: () => sleep(Math.random() * 3),
    log,
  };
  return { ending, issuing: { assume: stsSessions(account.keysOf('vend')), clock, log }, said, overflown };
};
