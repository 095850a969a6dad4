import {
  CloudWatchLogsClient,
  type FilteredLogEvent,
  FilterLogEventsCommand,
} from '@aws-sdk/client-cloudwatch-logs';
import { DependencyUnavailable, type RefusedTokens } from '../app/ports.ts';
import type { RefusalCount } from '../core/audit/event.ts';
import { REFUSALS_PAGES_MAX } from '../core/limits.ts';
import { AWS_CLIENT_SETTINGS } from './aws-client-settings.ts';

/** The line that `functions/authorizer.ts` writes for a token it refuses. */
const REFUSAL = '{ $.message = "token refused" }';

/** The port `RefusedTokens` on the authorizer's log group: one page of lines, or a few after a flood. */
export const cloudWatchRefusals = (logGroupName: string): RefusedTokens => {
  const client = new CloudWatchLogsClient(AWS_CLIENT_SETTINGS);
  return {
    async countBetween(from, to) {
      const counts = new Map<string, RefusalCount>();
      let nextToken: string | undefined;
      let pages = 0;
      do {
        const command = new FilterLogEventsCommand({
          logGroupName,
          filterPattern: REFUSAL,
          startTime: from,
          endTime: to - 1,
          nextToken,
        });
        const page = await client.send(command).catch((error: unknown) => {
          throw new DependencyUnavailable('logs', error);
        });
        for (const event of page.events ?? []) count(counts, event);
        nextToken = page.nextToken;
        pages += 1;
      } while (nextToken && pages < REFUSALS_PAGES_MAX);
      return { refusals: [...counts.values()], isComplete: nextToken === undefined };
    },
  };
};

const count = (counts: Map<string, RefusalCount>, { message = '' }: FilteredLogEvent): void => {
  const line = readLine(message);
  const reason = typeof line.reason === 'string' ? line.reason : 'unknown';
  const issuer = typeof line.issuer === 'string' ? line.issuer : null;
  const key = JSON.stringify([reason, issuer]);
  counts.set(key, { reason, issuer, count: (counts.get(key)?.count ?? 0) + 1 });
};

const readLine = (message: string): { readonly reason?: unknown; readonly issuer?: unknown } => {
  try {
    const line: unknown = JSON.parse(message);
    return typeof line === 'object' && line !== null ? line : {};
  } catch {
    return {};
  }
};
