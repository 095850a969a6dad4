import type { APIGatewayProxyEvent, APIGatewayProxyResult, Context } from 'aws-lambda';
import { ConsoleEnvironment } from './console.env.ts';
import { loadConfig } from './load-config.ts';
import { createLogger } from './logger.ts';

ConsoleEnvironment.parse(process.env);
const { digest } = loadConfig('console');
const { log, beginInvocation } = createLogger('console');

/** Shows nothing and decides nothing: every page is refused. */
export const handler = async (
  event: APIGatewayProxyEvent,
  context: Context,
): Promise<APIGatewayProxyResult> => {
  beginInvocation(context);
  log('warn', 'page refused', { route: event.resource, digest });
  return {
    statusCode: 503,
    headers: {
      'Content-Type': 'text/plain; charset=utf-8',
      'Cache-Control': 'no-store',
      'X-Content-Type-Options': 'nosniff',
      'Referrer-Policy': 'no-referrer',
    },
    body: 'The console shows no pages. Nothing was decided.\n',
  };
};
