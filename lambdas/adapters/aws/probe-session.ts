import {
  DescribeEndpointsCommand,
  DynamoDBClient,
  type DynamoDBClientConfig,
} from '@aws-sdk/client-dynamodb';
import { PROBED_ACTION } from '../../core/aws/session-policy.ts';
import { AWS_CLIENT_SETTINGS } from '../aws-client-settings.ts';
import type { SessionKeys } from './assume-role.ts';

/** `unknown` is never taken for dead: a time-out, an expired or a misread session say nothing about the policies. */
export type ProbeOutcome = 'refused' | 'got_in' | 'unknown';

/** Whether AWS lets a session in, by the one call that a probe may make. */
export const probeSession = async (
  keys: SessionKeys,
  settings: DynamoDBClientConfig,
): Promise<ProbeOutcome> => {
  // A client of its own, so a connection of its own: another host of AWS may not have heard of the policy yet.
  const client = new DynamoDBClient({ ...AWS_CLIENT_SETTINGS, ...settings, credentials: keys });
  try {
    await client.send(new DescribeEndpointsCommand());
    return 'got_in';
  } catch (error) {
    return isDenied(error) ? 'refused' : 'unknown';
  } finally {
    client.destroy();
  }
};

/**
 * Only a deny that stands in the role's own policies or in the session's counts, by AWS's own sentence. Without one, the call may
 * merely lack a right; and what an organization denies says nothing about what we have written.
 */
const isDenied = (error: unknown): boolean =>
  error instanceof Error &&
  error.name === 'AccessDeniedException' &&
  error.message.includes(`not authorized to perform: ${PROBED_ACTION} `) &&
  /with an explicit deny in (an identity-based|a session) policy/.test(error.message);
